/**
 * The servers of a cluster's coordination service: which hosts run one, and the process that one
 * is.
 */
@NullMarked
package io.tardigrade.ensemble;

import org.jspecify.annotations.NullMarked;
