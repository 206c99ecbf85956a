package org.gearshift.vmm.net;

/** A network interface as its network sees it. Called on the station's thread, also from inside {@link EthernetNetwork#send}. */
public interface EthernetStation {
    /** True if the guest has provided room for frames. */
    boolean ready();

    /**
     * Delivers a frame to the guest. The frame belongs to the caller again when this returns.
     *
     * @return false if there is no room now: nothing was delivered; {@link EthernetNetwork#stationReady} will be called
     */
    boolean receive(Frame frame);

    /** True if the guest takes TCP and UDP with {@link Frame#checksumPartial} set, as it trusts what never was on a wire. */
    boolean takesPartialChecksums();

    /** True if the guest takes TCP over IPv4 in frames of up to 64 KiB, see {@link Frame#segmentSize}. Implies partial checksums. */
    boolean takesLargeTcp();
}
