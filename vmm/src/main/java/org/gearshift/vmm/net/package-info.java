/**
 * Networks that a machine can be plugged into: Ethernet frames in, Ethernet frames out.
 *
 * <p>{@link org.gearshift.vmm.net.UserNetwork} is a network of its own behind the sockets of this process: ARP, IPv4, ICMP echo, DHCP, DNS,
 * UDP and TCP with address translation, and port forwarding. A network interface (virtio-net, a Xen backend) is an
 * {@link org.gearshift.vmm.net.EthernetStation}; it knows its network as an {@link org.gearshift.vmm.net.EthernetNetwork}, and neither
 * knows how the other is built.
 *
 * <p>All of it belongs to one thread, that of the device, but for one watcher thread that waits for host sockets and only says that there
 * is something to do. Time comes through {@link org.gearshift.vmm.net.Timers}. Everything a guest sends is checked where it enters, and
 * everything it can make grow is bounded: see {@link org.gearshift.vmm.net.NetworkLimits}.
 */
package org.gearshift.vmm.net;
