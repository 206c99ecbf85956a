package org.gearshift.vmm.net;

import java.io.Closeable;
import org.gearshift.vmm.device.Device.CounterSink;

/** A network as a station's driver side sees it. All methods are for the station's thread. */
public interface EthernetNetwork extends Closeable {
    /** Connects the one station; before anything else. */
    void connect(EthernetStation station);

    /**
     * Takes a frame from the station. The frame may be reused as soon as this returns. Nothing in it is trusted; what makes no sense is dropped and
     * counted.
     */
    void send(Frame frame);

    /** Ends a batch of {@link #send}: acknowledgements that were held back go out. */
    void flush();

    /** The station can receive again, after {@link EthernetStation#receive} or {@link EthernetStation#ready} said no. Cheap if nothing waits. */
    void stationReady();

    /** Looks for what has come from outside; cheap if there is nothing. */
    void poll();

    /** Forgets connections and leases, for a station that starts anew. Port forwardings stay. */
    void reset();

    /** True while something outside the machine may send at any time: time of the machine should then not run ahead of the host's. */
    boolean waitsForOutside();

    /** Tells every counter. */
    void counters(CounterSink sink);

    /** Closes all host sockets; the network is not usable any more. */
    @Override
    void close();
}
