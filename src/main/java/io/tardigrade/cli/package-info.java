/** The command line: options, tables, prompts and exit codes; everything else lies elsewhere. */
@NullMarked
package io.tardigrade.cli;

import org.jspecify.annotations.NullMarked;
