/** What tests of all modules share. Depends on JUnit only. */
package org.gearshift.testing;
