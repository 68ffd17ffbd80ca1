#pragma once

/// One file of Public/ ("public/…") or Resources/ ("resources/…") as it lies in the binary.
struct ship_asset {
    const char *path;
    const char *content_type;
    const char *etag;                 // first 20 hexadecimal digits of the SHA-256 of the identity bytes
    const unsigned char *identity;
    unsigned long identity_size;
    const unsigned char *gzip;        // null where compression would not help
    unsigned long gzip_size;
};

/// All embedded files, sorted by path within each folder; `count` receives how many.
const struct ship_asset *ship_asset_table(unsigned long *count);
