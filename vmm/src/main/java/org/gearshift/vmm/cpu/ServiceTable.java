package org.gearshift.vmm.cpu;

import org.gearshift.translator.x86.X86Service;

/** Which method serves which {@link X86Service}. */
final class ServiceTable {
    /** One service: arguments as {@link X86Service} lists them. */
    @FunctionalInterface
    interface Service {
        long call(long a, long b, long c);
    }

    private final Service[] services = new Service[X86Service.values().length];

    void put(X86Service service, Service method) {
        if (services[service.ordinal()] != null) {
            throw new IllegalStateException(service + " has two handlers");
        }
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
