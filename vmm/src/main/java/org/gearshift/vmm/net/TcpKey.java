package org.gearshift.vmm.net;

/** What identifies a connection: the guest's end and the peer's, as the guest sees them. */
record TcpKey(int guest, int guestPort, int peer, int peerPort) {
}
