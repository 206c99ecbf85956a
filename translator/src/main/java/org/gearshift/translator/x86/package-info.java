/**
 * The x86 guest: where its registers live in state slots, which processor modes change the meaning of code, and the services
 * its privileged instructions ask of the monitor. Decoder, lifters and run-time helpers are sub-packages. May use {@code ir} only.
 */
package org.gearshift.translator.x86;
