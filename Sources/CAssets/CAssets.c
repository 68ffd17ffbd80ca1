#include "CAssets.h"

// Written by scripts/embed-assets, which `make build` runs first.
#include "generated/assets.inc"

const struct ship_asset *ship_asset_table(unsigned long *count)
{
    *count = sizeof ship_assets / sizeof ship_assets[0];
    return ship_assets;
}
