#define _GNU_SOURCE  // pread
#include "CTIFF.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <tiffio.h>
#include <unistd.h>

struct ship_tiff_reader {
    TIFF *tiff;
    int fd;
    const uint8_t *bytes;
    uint64_t size, position;
    char text[SHIP_TIFF_TEXT];  // first error since the last call
    int failed, past_end;
    TIFFRGBAImage rgba;
    int rgba_open;
    ship_tiff_info info;
    const uint64_t *offsets, *counts;
    // Separate planes are read side by side, but a compressed strip only from its start on: each further plane has a handle of its own.
    TIFF *planes[63];
    uint64_t memory;
    uint32_t page;
    int direct;  // rows lie uncompressed in the file: read without a strip buffer
    // Small deflated strips are unpacked whole: libtiff then takes libdeflate, at twice zlib's speed. One buffer a plane.
    int whole_strips;
    uint64_t strip_bytes;
    uint8_t *strips;
    uint32_t held[64];  // strip that a plane's buffer holds, counted from 1
};

static void keep(ship_tiff_reader *r, const char *module, const char *format, va_list arguments) {
    if (r->failed) return;
    r->failed = 1;
    size_t used = 0;
    (void)module;
    vsnprintf(r->text + used, sizeof r->text - used, format, arguments);
}

static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff;
    keep(user, module, format, arguments);
    return 1;
}

// libtiff goes on with gray or white where data are missing and only warns; to us lost pixels are errors.
static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff;
    char message[SHIP_TIFF_TEXT];
    va_list copy;
    va_copy(copy, arguments);
    vsnprintf(message, sizeof message, format, copy);
    va_end(copy);
    static const char *const lost[] = {
        "premature end", "Corrupt JPEG data", "Premature EOF", "Premature EOL", "Line length mismatch", "Bad code word", "Uncompressed data (not supported)",
        "Discarding", "Not enough data", "Fractional scanline", "Corrupted", "Read error",
    };
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++)
        if (strstr(message, lost[i])) {
            ship_tiff_reader *r = user;
            if (strstr(message, "remature")) r->past_end = 1;
            keep(r, module, format, arguments);
            break;
        }
    return 1;
}

static tmsize_t read_at(thandle_t handle, void *out, tmsize_t count) {
    ship_tiff_reader *r = handle;
    if (count <= 0) return 0;
    if (r->position >= r->size) {
        r->past_end = 1;
        return 0;
    }
    uint64_t left = r->size - r->position;
    if ((uint64_t)count > left) {
        count = (tmsize_t)left;
        r->past_end = 1;
    }
    if (r->bytes) {
        memcpy(out, r->bytes + r->position, (size_t)count);
        r->position += (uint64_t)count;
        return count;
    }
    tmsize_t done = 0;
    while (done < count) {
        ssize_t got = pread(r->fd, (char *)out + done, (size_t)(count - done), (off_t)r->position);
        if (got <= 0) break;
        done += got;
        r->position += (uint64_t)got;
    }
    return done;
}

static tmsize_t refuse_write(thandle_t handle, void *data, tmsize_t count) { (void)handle, (void)data, (void)count; return 0; }

static toff_t seek_to(thandle_t handle, toff_t offset, int whence) {
    ship_tiff_reader *r = handle;
    if (whence == SEEK_CUR) offset += r->position;
    if (whence == SEEK_END) offset += r->size;
    return r->position = offset;
}

static int leave_open(thandle_t handle) { (void)handle; return 0; }
static toff_t size_of(thandle_t handle) { return ((ship_tiff_reader *)handle)->size; }

static int report(ship_tiff_reader *r, char *text) {
    snprintf(text, SHIP_TIFF_TEXT, "%s", r->failed ? r->text : "the data cannot be decoded");
    if (r->failed && (strstr(r->text, "Memory") || strstr(r->text, "memory"))) return SHIP_TIFF_MEMORY;
    return r->past_end ? SHIP_TIFF_TRUNCATED : SHIP_TIFF_DAMAGED;
}

static void fill(ship_tiff_reader *r) {
    TIFF *t = r->tiff;
    ship_tiff_info *i = &r->info;
    uint16_t *kinds = NULL;
    uint16_t compression = 1;
    TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &i->width);
    TIFFGetField(t, TIFFTAG_IMAGELENGTH, &i->height);
    TIFFGetFieldDefaulted(t, TIFFTAG_BITSPERSAMPLE, &i->bits);
    TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLESPERPIXEL, &i->samples);
    TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLEFORMAT, &i->sample_format);
    TIFFGetFieldDefaulted(t, TIFFTAG_PLANARCONFIG, &i->planar);
    TIFFGetFieldDefaulted(t, TIFFTAG_ORIENTATION, &i->orientation);
    TIFFGetFieldDefaulted(t, TIFFTAG_COMPRESSION, &compression);
    i->compression = compression;
    if (!TIFFGetField(t, TIFFTAG_PHOTOMETRIC, &i->photometric)) i->photometric = i->samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
    if (TIFFGetFieldDefaulted(t, TIFFTAG_EXTRASAMPLES, &i->extra_samples, &kinds) && i->extra_samples && kinds) i->first_extra = kinds[0];
    TIFFGetFieldDefaulted(t, TIFFTAG_INKSET, &i->ink_set);
    TIFFGetFieldDefaulted(t, TIFFTAG_RESOLUTIONUNIT, &i->resolution_unit);
    TIFFGetField(t, TIFFTAG_XRESOLUTION, &i->x_resolution);
    TIFFGetField(t, TIFFTAG_YRESOLUTION, &i->y_resolution);
    if (i->compression == COMPRESSION_JPEG && i->photometric == PHOTOMETRIC_YCBCR)
        TIFFSetField(t, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    i->rgba_only = i->compression == COMPRESSION_OJPEG || i->photometric == PHOTOMETRIC_CIELAB || i->photometric == PHOTOMETRIC_LOGL
        || i->photometric == PHOTOMETRIC_LOGLUV || (i->photometric == PHOTOMETRIC_YCBCR && i->compression != COMPRESSION_JPEG);
    i->tiled = TIFFIsTiled(t) != 0;
    if (i->tiled) {
        TIFFGetField(t, TIFFTAG_TILEWIDTH, &i->tile_width);
        TIFFGetField(t, TIFFTAG_TILELENGTH, &i->tile_height);
        i->tile_bytes = TIFFTileSize64(t);
        i->tile_row_bytes = TIFFTileRowSize64(t);
    } else {
        TIFFGetFieldDefaulted(t, TIFFTAG_ROWSPERSTRIP, &i->rows_per_strip);
        i->row_bytes = TIFFScanlineSize64(t);
    }
    uint16_t order = FILLORDER_MSB2LSB;
    TIFFGetFieldDefaulted(t, TIFFTAG_FILLORDER, &order);
    r->direct = !i->tiled && !i->rgba_only && i->compression == COMPRESSION_NONE && order == FILLORDER_MSB2LSB && (i->bits == 8 || i->bits == 16)
        && i->rows_per_strip > 0 && TIFFGetField(t, TIFFTAG_STRIPOFFSETS, &r->offsets) && TIFFGetField(t, TIFFTAG_STRIPBYTECOUNTS, &r->counts)
        && r->offsets && r->counts;
    uint64_t planes = i->planar == PLANARCONFIG_SEPARATE ? i->samples : 1;
    r->strip_bytes = i->tiled ? 0 : TIFFStripSize64(t);
    r->whole_strips = (i->compression == COMPRESSION_ADOBE_DEFLATE || i->compression == COMPRESSION_DEFLATE) && !i->rgba_only
        && i->rows_per_strip > 0 && planes <= sizeof r->held / sizeof *r->held && r->strip_bytes >= i->row_bytes
        && r->strip_bytes <= (16u << 20) / planes;
}

static TIFF *open_handle(ship_tiff_reader *r) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return NULL;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)r->memory);
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, r);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, r);
    r->position = 0;
    TIFF *t = TIFFClientOpenExt("image", "rm", r, read_at, refuse_write, seek_to, leave_open, size_of, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return t;
}

ship_tiff_reader *ship_tiff_open(
    int fd, const uint8_t *bytes, uint64_t size, uint64_t memory, uint32_t page, ship_tiff_info *info, int *code, char *text
) {
    ship_tiff_reader *r = calloc(1, sizeof *r);
    if (!r) {
        *code = SHIP_TIFF_MEMORY;
        snprintf(text, SHIP_TIFF_TEXT, "out of memory");
        return NULL;
    }
    r->fd = fd;
    r->bytes = bytes;
    r->size = size;
    r->memory = memory;
    r->page = page;
    r->tiff = open_handle(r);
    if (!r->tiff) {
        *code = report(r, text);
        free(r);
        return NULL;
    }
    uint32_t pages = TIFFNumberOfDirectories(r->tiff);
    if (pages == 0) pages = 1;  // a damaged pointer to the next page hides the first one too
    r->failed = r->past_end = 0;
    if (page >= pages) {
        *code = SHIP_TIFF_NO_PAGE;
        snprintf(text, SHIP_TIFF_TEXT, "%u", pages);
        ship_tiff_close(r);
        return NULL;
    }
    if (!TIFFSetDirectory(r->tiff, page)) {
        *code = report(r, text);
        ship_tiff_close(r);
        return NULL;
    }
    r->failed = r->past_end = 0;
    r->info.pages = pages;
    fill(r);
    *info = r->info;
    *code = SHIP_TIFF_OK;
    return r;
}

static int read_all(ship_tiff_reader *r, uint8_t *out, uint64_t offset, uint64_t count) {
    if (offset > r->size || count > r->size - offset) {
        r->past_end = 1;
        return 0;
    }
    r->position = offset;
    return read_at(r, out, (tmsize_t)count) == (tmsize_t)count;
}

int ship_tiff_row(ship_tiff_reader *r, uint8_t *out, uint32_t y, uint16_t plane, char *text) {
    r->failed = r->past_end = 0;
    if (r->direct) {
        uint32_t strip = TIFFComputeStrip(r->tiff, y, plane);
        uint64_t within = (uint64_t)(y % r->info.rows_per_strip) * r->info.row_bytes;
        // A count that is too small is a common fault of writers; what counts is that the file holds the bytes.
        if (strip >= TIFFNumberOfStrips(r->tiff) || r->offsets[strip] == 0 || r->offsets[strip] > UINT64_MAX - within
            || !read_all(r, out, r->offsets[strip] + within, r->info.row_bytes)) {
            snprintf(text, SHIP_TIFF_TEXT, "row %u lies outside the file", y);
            return SHIP_TIFF_TRUNCATED;
        }
        if (r->info.bits == 16 && TIFFIsByteSwapped(r->tiff)) TIFFSwabArrayOfShort((uint16_t *)(void *)out, (tmsize_t)(r->info.row_bytes / 2));
        return SHIP_TIFF_OK;
    }
    TIFF *t = r->tiff;
    if (r->whole_strips) {
        uint64_t planes = r->info.planar == PLANARCONFIG_SEPARATE ? r->info.samples : 1;
        if (!r->strips) r->strips = malloc((size_t)(r->strip_bytes * planes));
        if (!r->strips) {
            snprintf(text, SHIP_TIFF_TEXT, "out of memory");
            return SHIP_TIFF_MEMORY;
        }
        uint8_t *strip = r->strips + plane * r->strip_bytes;
        uint32_t number = TIFFComputeStrip(t, y, plane);
        uint64_t within = (uint64_t)(y % r->info.rows_per_strip) * r->info.row_bytes;
        if (r->held[plane] != number + 1) {
            tmsize_t got = TIFFReadEncodedStrip(t, number, strip, (tmsize_t)r->strip_bytes);
            if (got < 0 || r->failed) return report(r, text);
            if ((uint64_t)got < r->strip_bytes) memset(strip + got, 0, (size_t)(r->strip_bytes - (uint64_t)got));
            r->held[plane] = number + 1;
        }
        memcpy(out, strip + within, (size_t)r->info.row_bytes);
        return SHIP_TIFF_OK;
    }
    if (plane > 0) {
        if (plane > sizeof r->planes / sizeof *r->planes) return report(r, text);
        t = r->planes[plane - 1];
        if (!t) {
            t = r->planes[plane - 1] = open_handle(r);
            if (!t || !TIFFSetDirectory(t, r->page)) return report(r, text);
            r->failed = r->past_end = 0;  // the first handle has met the same oddities before
        }
    }
    if (TIFFReadScanline(t, out, y, plane) < 0 || r->failed) return report(r, text);
    return SHIP_TIFF_OK;
}

int ship_tiff_tile(ship_tiff_reader *r, uint8_t *out, uint64_t size, uint32_t x, uint32_t y, uint16_t plane, char *text) {
    r->failed = r->past_end = 0;
    uint32_t tile = TIFFComputeTile(r->tiff, x, y, 0, plane);
    tmsize_t got = TIFFReadEncodedTile(r->tiff, tile, out, (tmsize_t)size);
    if (got < 0 || r->failed) return report(r, text);
    if ((uint64_t)got < size) memset(out + got, 0, size - (uint64_t)got);
    return SHIP_TIFF_OK;
}

int ship_tiff_rgba(ship_tiff_reader *r, uint32_t *out, uint32_t y, uint32_t count, char *text) {
    r->failed = r->past_end = 0;
    if (!r->rgba_open) {
        char message[1024] = "";
        if (!TIFFRGBAImageOK(r->tiff, message) || !TIFFRGBAImageBegin(&r->rgba, r->tiff, 1, message)) {
            snprintf(text, SHIP_TIFF_TEXT, "%s", message);
            return SHIP_TIFF_DAMAGED;
        }
        r->rgba_open = 1;
        r->rgba.req_orientation = r->rgba.orientation;  // no turning: whoever asks for upright pictures turns them
    }
    r->rgba.row_offset = (int)y;
    r->rgba.col_offset = 0;
    if (!TIFFRGBAImageGet(&r->rgba, out, r->info.width, count) || r->failed) return report(r, text);
    return SHIP_TIFF_OK;
}

int ship_tiff_palette(ship_tiff_reader *r, const uint16_t **red, const uint16_t **green, const uint16_t **blue) {
    uint16_t *a = NULL, *b = NULL, *c = NULL;
    int found = TIFFGetField(r->tiff, TIFFTAG_COLORMAP, &a, &b, &c) && a && b && c;
    *red = a;
    *green = b;
    *blue = c;
    return found;
}

void ship_tiff_close(ship_tiff_reader *r) {
    if (r->rgba_open) TIFFRGBAImageEnd(&r->rgba);
    for (size_t i = 0; i < sizeof r->planes / sizeof *r->planes; i++)
        if (r->planes[i]) TIFFClose(r->planes[i]);
    TIFFClose(r->tiff);
    free(r->strips);
    free(r);
}

// ---------------------------------------------------------------- writing

struct ship_tiff_writer {
    TIFF *tiff;
    int fd;          // -1: the file is collected in memory
    uint8_t *bytes;
    uint64_t size, capacity, position;
    char text[SHIP_TIFF_TEXT];
    uint64_t exif, gps;  // places of these directories; 0: none
    ship_tiff_picture picture;
    size_t row_bytes;
    uint8_t *strip;
    uint32_t per_strip, held, next;
    int ended;  // closing writes what is unfinished, but the descriptor may be another file's by now
};

static tmsize_t sink_read(thandle_t handle, void *out, tmsize_t count) {
    ship_tiff_writer *w = handle;
    if (count <= 0 || w->position >= w->size) return 0;
    if ((uint64_t)count > w->size - w->position) count = (tmsize_t)(w->size - w->position);
    if (w->fd < 0) memcpy(out, w->bytes + w->position, (size_t)count);
    for (tmsize_t done = 0; w->fd >= 0 && done < count;) {
        ssize_t got = pread(w->fd, (char *)out + done, (size_t)(count - done), (off_t)(w->position + (uint64_t)done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return done;
        done += got;
    }
    w->position += (uint64_t)count;
    return count;
}

static tmsize_t sink_write(thandle_t handle, void *data, tmsize_t count) {
    ship_tiff_writer *w = handle;
    if (count <= 0 || w->ended) return 0;
    uint64_t end = w->position + (uint64_t)count;
    if (w->fd < 0) {
        if (end > w->capacity) {
            uint64_t capacity = w->capacity * 2 > end ? w->capacity * 2 : end + 4096;
            uint8_t *bytes = realloc(w->bytes, capacity);
            if (!bytes) return 0;
            w->bytes = bytes;
            w->capacity = capacity;
        }
        if (w->position > w->size) memset(w->bytes + w->size, 0, w->position - w->size);
        memcpy(w->bytes + w->position, data, (size_t)count);
    }
    for (tmsize_t done = 0; w->fd >= 0 && done < count;) {
        ssize_t put = pwrite(w->fd, (const char *)data + done, (size_t)(count - done), (off_t)(w->position + (uint64_t)done));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) {
            if (!w->text[0]) snprintf(w->text, sizeof w->text, "%s", strerror(put < 0 ? errno : ENOSPC));
            return 0;
        }
        done += put;
    }
    w->position = end;
    if (end > w->size) w->size = end;
    return count;
}

static toff_t sink_seek(thandle_t handle, toff_t offset, int whence) {
    ship_tiff_writer *w = handle;
    if (whence == SEEK_CUR) offset += w->position;
    if (whence == SEEK_END) offset += w->size;
    return w->position = offset;
}

static toff_t sink_size(thandle_t handle) { return ((ship_tiff_writer *)handle)->size; }

static int sink_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)module;
    ship_tiff_writer *w = user;
    if (!w->text[0]) vsnprintf(w->text, sizeof w->text, format, arguments);
    return 1;
}

static int sink_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)user, (void)module, (void)format, (void)arguments;
    return 1;
}

static void turn_to_rgb(uint8_t *out, const uint8_t *row, uint32_t width, uint32_t bits) {
    if (bits == 8) {
        for (uint32_t x = 0; x < width; x++) {
            out[3 * x] = row[3 * x + 2];
            out[3 * x + 1] = row[3 * x + 1];
            out[3 * x + 2] = row[3 * x];
        }
        return;
    }
    uint16_t *to = (uint16_t *)(void *)out;
    const uint16_t *from = (const uint16_t *)(const void *)row;
    for (uint32_t x = 0; x < width; x++) {
        to[3 * x] = from[3 * x + 2];
        to[3 * x + 1] = from[3 * x + 1];
        to[3 * x + 2] = from[3 * x];
    }
}

static int write_report(ship_tiff_writer *w, char *text) {
    snprintf(text, SHIP_TIFF_TEXT, "%s", w->text[0] ? w->text : "out of memory");
    return SHIP_TIFF_DAMAGED;
}

ship_tiff_writer *ship_tiff_writer_create(int fd, const ship_tiff_picture *picture, char *text) {
    ship_tiff_writer *w = calloc(1, sizeof *w);
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (w && options) {
        w->fd = fd;
        w->picture = *picture;
        w->row_bytes = ((size_t)picture->width * picture->channels * picture->bits + 7) / 8;
        TIFFOpenOptionsSetErrorHandlerExtR(options, sink_error, w);
        TIFFOpenOptionsSetWarningHandlerExtR(options, sink_warning, w);
        // A classic file ends at 4 GB; deflated noise is a little larger than its pixels.
        int big = w->row_bytes > 3500000000u / (picture->height ? picture->height : 1);
        w->tiff = TIFFClientOpenExt("image", big ? "w8m" : "wm", w, sink_read, sink_write, sink_seek, leave_open, sink_size, NULL, NULL, options);
    }
    if (options) TIFFOpenOptionsFree(options);
    if (w && w->tiff) return w;
    snprintf(text, SHIP_TIFF_TEXT, "%s", w && w->text[0] ? w->text : "out of memory");
    if (w) ship_tiff_writer_destroy(w);
    return NULL;
}

int ship_tiff_writer_folder(ship_tiff_writer *w, int gps, char *text) {
    int code = gps ? TIFFCreateGPSDirectory(w->tiff) : TIFFCreateEXIFDirectory(w->tiff);
    return code == 0 ? SHIP_TIFF_OK : write_report(w, text);
}

int ship_tiff_writer_folder_end(ship_tiff_writer *w, int gps, char *text) {
    if (!TIFFWriteCustomDirectory(w->tiff, gps ? &w->gps : &w->exif)) return write_report(w, text);
    TIFFFreeDirectory(w->tiff);
    return TIFFCreateDirectory(w->tiff) == 0 ? SHIP_TIFF_OK : write_report(w, text);
}

void ship_tiff_writer_text(ship_tiff_writer *w, uint32_t tag, const char *value) { TIFFSetField(w->tiff, tag, value); }

void ship_tiff_writer_numbers(ship_tiff_writer *w, uint32_t tag, const double *values, uint32_t count) {
    uint16_t whole = (uint16_t)values[0];
    switch (tag) {
    case EXIFTAG_ISOSPEEDRATINGS: TIFFSetField(w->tiff, tag, 1, &whole); break;
    case GPSTAG_ALTITUDEREF: TIFFSetField(w->tiff, tag, whole); break;
    default:
        if (count > 1) TIFFSetField(w->tiff, tag, values);
        else TIFFSetField(w->tiff, tag, values[0]);
    }
}

void ship_tiff_writer_xmp(ship_tiff_writer *w, const uint8_t *bytes, uint32_t size) { TIFFSetField(w->tiff, TIFFTAG_XMLPACKET, size, bytes); }

int ship_tiff_writer_start(ship_tiff_writer *w, char *text) {
    TIFF *t = w->tiff;
    const ship_tiff_picture *p = &w->picture;
    TIFFSetField(t, TIFFTAG_IMAGEWIDTH, p->width);
    TIFFSetField(t, TIFFTAG_IMAGELENGTH, p->height);
    TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, p->bits);
    TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, p->channels);
    TIFFSetField(t, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(t, TIFFTAG_PHOTOMETRIC, p->channels == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
    TIFFSetField(t, TIFFTAG_COMPRESSION, p->compression);
    if (p->compression == COMPRESSION_ADOBE_DEFLATE) TIFFSetField(t, TIFFTAG_ZIPQUALITY, 3);  // half of level 6's time for a few per cent of size
    if (p->compression != COMPRESSION_NONE && p->bits >= 8) TIFFSetField(t, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
    if (p->orientation > 1) TIFFSetField(t, TIFFTAG_ORIENTATION, p->orientation);
    if (p->resolution_unit) {
        TIFFSetField(t, TIFFTAG_RESOLUTIONUNIT, p->resolution_unit);
        TIFFSetField(t, TIFFTAG_XRESOLUTION, p->x_resolution);
        TIFFSetField(t, TIFFTAG_YRESOLUTION, p->y_resolution);
    }
    if (w->exif) TIFFSetField(t, TIFFTAG_EXIFIFD, w->exif);
    if (w->gps) TIFFSetField(t, TIFFTAG_GPSIFD, w->gps);
    size_t per_strip = (256u << 10) / w->row_bytes;
    w->per_strip = per_strip > p->height ? p->height : per_strip ? (uint32_t)per_strip : 1;
    TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, w->per_strip);
    w->strip = malloc(w->row_bytes * w->per_strip);
    return w->strip && !w->text[0] ? SHIP_TIFF_OK : write_report(w, text);
}

// Whole strips, not rows: libtiff then packs by libdeflate, at thrice zlib's speed.
int ship_tiff_writer_rows(ship_tiff_writer *w, const uint8_t *rows, size_t stride, uint32_t count, char *text) {
    for (uint32_t y = 0; y < count; y++, rows += stride) {
        uint8_t *row = w->strip + w->held * w->row_bytes;
        if (w->picture.channels == 3) turn_to_rgb(row, rows, w->picture.width, w->picture.bits);
        else memcpy(row, rows, w->row_bytes);
        w->held++;
        w->next++;
        if (w->held < w->per_strip && w->next < w->picture.height) continue;
        tmsize_t size = (tmsize_t)(w->held * w->row_bytes);
        if (TIFFWriteEncodedStrip(w->tiff, (w->next - 1) / w->per_strip, w->strip, size) != size) return write_report(w, text);
        w->held = 0;
    }
    return SHIP_TIFF_OK;
}

int ship_tiff_writer_finish(ship_tiff_writer *w, const uint8_t **bytes, size_t *size, char *text) {
    int written = TIFFWriteDirectory(w->tiff) && TIFFFlush(w->tiff);
    if (!written || w->text[0]) return write_report(w, text);
    *bytes = w->bytes;
    *size = w->size;
    return SHIP_TIFF_OK;
}

void ship_tiff_writer_destroy(ship_tiff_writer *w) {
    w->ended = 1;
    if (w->tiff) TIFFClose(w->tiff);
    free(w->strip);
    free(w->bytes);
    free(w);
}
