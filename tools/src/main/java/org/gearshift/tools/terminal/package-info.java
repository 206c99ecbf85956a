/** The user's terminal as the guest's serial console: raw mode where the platform allows it, and the escape key. JNA is used here only, and may be absent. */
package org.gearshift.tools.terminal;
