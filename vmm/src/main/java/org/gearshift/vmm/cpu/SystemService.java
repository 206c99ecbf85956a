package org.gearshift.vmm.cpu;

/** What answers one {@link org.gearshift.translator.x86.X86Service}: arguments and result as that lists them. */
@FunctionalInterface
public interface SystemService {
    long call(long a, long b, long c);
}
