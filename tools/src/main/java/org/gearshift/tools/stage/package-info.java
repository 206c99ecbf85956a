/**
 * The stages of translation one by one, as the commands {@code decode}, {@code lift}, {@code optimize}, {@code emit}, {@code interpret} and {@code run-ir} show them: where
 * code comes from, what each stage makes of it as text, and a small machine on which a region runs by itself.
 */
package org.gearshift.tools.stage;
