package org.gearshift.vmm.net;

import java.net.InetSocketAddress;
import java.util.List;

/**
 * Choices for a built-in network.
 *
 * @param restricted nothing but the forwarded ports: the guest reaches neither the host nor what lies beyond
 * @param dns where queries to 10.0.2.3 go; null: to the host's own server
 * @param forwards ports of the host that lead to the guest
 */
public record UserNetworkOptions(boolean restricted, InetSocketAddress dns, List<Forward> forwards) {
    /** Copies the list. */
    public UserNetworkOptions {
        forwards = List.copyOf(forwards);
    }

    /** The world is reachable, the guest is not. */
    public static UserNetworkOptions defaults() {
        return new UserNetworkOptions(false, null, List.of());
    }
}
