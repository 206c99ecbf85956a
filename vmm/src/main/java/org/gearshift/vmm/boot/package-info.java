/**
 * Boot loaders: put a kernel, its initial RAM disk and its parameters into guest RAM the way firmware and a boot loader would, and say in which
 * state the processor starts. May use {@code shadow-paging} for guest RAM; every length and offset in a file is checked here, where it enters.
 */
package org.gearshift.vmm.boot;
