/** Whether what clients saw of a register could have been seen of one that nothing ever befell. */
@NullMarked
package io.tardigrade.linearizability;

import org.jspecify.annotations.NullMarked;
