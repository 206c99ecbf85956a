/** Guest programs with their sources ({@code src/main/kernel}), and embedding examples. May use {@code vmm} as any embedder would. */
package org.gearshift.samples;
