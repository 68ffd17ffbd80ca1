#pragma once
#include <stddef.h>

// Tags of one picture, read by libexif (EXIF block of a JPEG or PNG file) or libtiff (TIFF file) and offered in one
// way. Whatever is damaged is left out; nothing here prints, exits or changes a file.
typedef struct ship_tags ship_tags;

enum {
    SHIP_TAGS_IMAGE = 0, // main picture (IFD0)
    SHIP_TAGS_EXIF = 1,
    SHIP_TAGS_GPS = 2,
};

/// Tag of the main picture that holds an XMP packet as bytes, offered as text.
#define SHIP_TAGS_XMP 0x02bc

/// Reads a TIFF-structured EXIF block, with or without the leading "Exif\0\0". NULL when there is no memory.
ship_tags *ship_tags_from_exif(const unsigned char *bytes, size_t count);

/// Reads the tags of page `page` of a TIFF or BigTIFF file of which `descriptor` stays open and owned by the caller.
/// NULL when it is no TIFF file or has no such page.
ship_tags *ship_tags_from_tiff_file(int descriptor, unsigned page);

/// The same for a file in memory.
ship_tags *ship_tags_from_tiff_bytes(const unsigned char *bytes, size_t count, unsigned page);

void ship_tags_free(ship_tags *tags);

/// Copies up to `capacity` values of a numeric tag and returns how many there are to be had; 0 when the tag is
/// absent or not numeric. A fraction with denominator 0 is NaN.
int ship_tags_numbers(const ship_tags *tags, int group, unsigned tag, double *values, int capacity);

/// Copies up to `capacity` bytes of a text tag (no terminating zero) and returns how many there are to be had.
int ship_tags_text(const ship_tags *tags, int group, unsigned tag, char *text, int capacity);
