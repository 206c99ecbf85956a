/**
 * Names of addresses and addresses of names: from ELF files, from {@code System.map} and kallsyms texts, and from the tables that a Linux kernel carries for itself. Knows no
 * virtual machine; everything else in the tools may use it.
 */
package org.gearshift.tools.symbols;
