package org.gearshift.vmm;

import org.gearshift.paging.CodePages;
import org.gearshift.paging.ShadowMmu;
import org.gearshift.vmm.cpu.InterruptSource;
import org.gearshift.vmm.cpu.VCpu;
import org.gearshift.vmm.xen.Domain;

/** A processor of a paravirtual domain, which its kernel brings up and down by hypercalls. */
final class DomainProcessor extends Processor {
    private final Domain domain;

    DomainProcessor(int number, CodePages code, ShadowMmu mmu, InterruptSource interrupts, VCpu cpu, Domain domain) {
        super(number, code, mmu, interrupts, cpu);
        this.domain = domain;
    }

    @Override
    boolean waitsForStart() {
        return !domain.isUp(number);
    }

    @Override
    boolean isSignalled() {
        return !domain.isUp(number);
    }

    @Override
    boolean ready() {
        return domain.ready(number);
    }
}
