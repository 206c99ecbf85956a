package org.gearshift.vmm.debug;

/**
 * A moment between two instructions of a machine.
 *
 * @param retired instructions retired before, by all processors together
 * @param deliveries interrupts and exceptions delivered to any of them since the last of these retired
 */
public record Position(long retired, int deliveries) implements Comparable<Position> {
    @Override
    public int compareTo(Position o) {
        return retired != o.retired ? Long.compare(retired, o.retired) : Integer.compare(deliveries, o.deliveries);
    }

    boolean isBefore(Position o) {
        return compareTo(o) < 0;
    }
}
