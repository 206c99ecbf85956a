/** The catalogue of known guests: which distribution packages hold them, and fetching those by name through the host's package manager. */
package org.gearshift.tools.guest;
