/**
 * The data plane of one guest: a process that holds its hypervisor, keeps its output back until it
 * is committed, and resumes it after a failure.
 */
@NullMarked
package io.tardigrade.guardian;

import org.jspecify.annotations.NullMarked;
