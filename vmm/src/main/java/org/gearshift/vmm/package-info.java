/** A whole virtual machine: RAM, processor, platform, engine and kernel put together, run, and asked how it went. May use every package below. */
package org.gearshift.vmm;
