package org.gearshift.vmm.cpu;

import org.gearshift.translator.x86.X86Service;

/** Which method serves which {@link X86Service}. */
final class ServiceTable {
    private final SystemService[] services = new SystemService[X86Service.values().length];

    void put(X86Service service, SystemService method) {
        if (services[service.ordinal()] != null) {
            throw new IllegalStateException(service + " has two handlers");
        }
        services[service.ordinal()] = method;
    }

    SystemService get(X86Service service) {
        return services[service.ordinal()];
    }

    /** Lets a platform answer a service in the processor's place. */
    void replace(X86Service service, SystemService method) {
        services[service.ordinal()] = method;
    }

    /** Fails unless every service has a handler. */
    void requireComplete() {
        for (X86Service service : X86Service.values()) {
            if (services[service.ordinal()] == null) {
                throw new IllegalStateException(service + " has no handler");
            }
        }
    }

    long call(int number, long a, long b, long c) {
        return services[number].call(a, b, c);
    }
}
