package io.tardigrade.block;

/**
 * A volume as an NBD server offers it.
 *
 * @param readOnly whether every command that writes is refused
 */
public record Export(Volume volume, boolean readOnly) {}
