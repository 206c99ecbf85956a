package org.gearshift.tools;

import java.util.List;

/** Processors that programs of packages run on, in a guest and on this machine: where Debian keeps what belongs to one, and which of its kernels runs there. */
enum GuestArchitecture {
    I386("i386", "debian-686", "lib/ld-linux.so.2", "i386-linux-gnu", "i686-linux-gnu", "-m32", List.of()),
    /** With every feature there is: the C library chooses functions by them, whose last bits differ, and this machine's processor has them all. */
    AMD64("amd64", "debian-cloud-amd64", "lib64/ld-linux-x86-64.so.2", "x86_64-linux-gnu", "x86_64-linux-gnu", "-m64", List.of("--cpu", "max"));

    /** Debian's name. */
    final String label;
    /** The guest in the catalogue whose kernel is booted. */
    final String guest;
    final String loader;
    /** What library directories are called. */
    final String triplet;
    /** What the compiler's directories and programs are called. */
    final String toolTriplet;
    /** How gcc is told. */
    final String width;
    /** For the command line of {@code gearshift run}. */
    final List<String> processor;

    GuestArchitecture(String label, String guest, String loader, String triplet, String toolTriplet, String width, List<String> processor) {
        this.label = label;
        this.guest = guest;
        this.loader = loader;
        this.triplet = triplet;
        this.toolTriplet = toolTriplet;
        this.width = width;
        this.processor = processor;
    }

    /** The start of every script: {@code run PROGRAM} with the libraries of the tree, from any directory, by way of {@code $EMULATOR} if there is one. */
    String prelude() {
        return "top=$PWD\nmachine=" + label + "\nlibraries=usr/lib/" + triplet
                + "\nrun() { $EMULATOR $top/" + loader + " --library-path $top/lib/" + triplet + ":$top/$libraries \"$@\"; }\n";
    }
}
