/**
 * What one host holds of a guest that others hold too: its committed image and volumes, and above
 * them the epochs that are sealed and not committed.
 */
@NullMarked
package io.tardigrade.replica;

import org.jspecify.annotations.NullMarked;
