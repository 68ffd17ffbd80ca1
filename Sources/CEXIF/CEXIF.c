// Plain C mode hides POSIX names.
#define _GNU_SOURCE
#include "CEXIF.h"

#include <libexif/exif-data.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>
#include <unistd.h>

// One copied tag; `text` or `numbers` is used.
typedef struct {
    int group;
    unsigned tag;
    int count;
    double *numbers;
    char *text;
} value;

struct ship_tags {
    int count;
    value values[32];
};

// The tags that `ship` asks for. Others are never converted, so nothing else in a file can cost memory.
typedef struct {
    int group;
    unsigned tag;
} wanted_tag;

static const wanted_tag wanted[] = {
    {SHIP_TAGS_IMAGE, 0x010e}, {SHIP_TAGS_IMAGE, 0x010f}, {SHIP_TAGS_IMAGE, 0x0110}, {SHIP_TAGS_IMAGE, 0x0112},
    {SHIP_TAGS_IMAGE, 0x011a}, {SHIP_TAGS_IMAGE, 0x011b}, {SHIP_TAGS_IMAGE, 0x0128}, {SHIP_TAGS_IMAGE, 0x0131},
    {SHIP_TAGS_IMAGE, 0x0132}, {SHIP_TAGS_IMAGE, 0x013b}, {SHIP_TAGS_EXIF, 0x829a},  {SHIP_TAGS_EXIF, 0x829d},
    {SHIP_TAGS_EXIF, 0x8827},  {SHIP_TAGS_EXIF, 0x9003},  {SHIP_TAGS_EXIF, 0x9004},  {SHIP_TAGS_EXIF, 0x920a},
    {SHIP_TAGS_EXIF, 0xa434},  {SHIP_TAGS_GPS, 0x0001},   {SHIP_TAGS_GPS, 0x0002},   {SHIP_TAGS_GPS, 0x0003},
    {SHIP_TAGS_GPS, 0x0004},   {SHIP_TAGS_GPS, 0x0005},   {SHIP_TAGS_GPS, 0x0006},   {SHIP_TAGS_GPS, 0x0007},
    {SHIP_TAGS_GPS, 0x001d},   {SHIP_TAGS_IMAGE, SHIP_TAGS_XMP},
};

enum {
    wanted_count = sizeof wanted / sizeof *wanted,
    most_numbers = 8,
    // A description of OME-XML holds the pixel size near its start.
    most_text = 1 << 16,
    most_xmp = 16 << 20,
};

static value *append(ship_tags *tags, int group, unsigned tag) {
    if (tags->count == (int)(sizeof tags->values / sizeof *tags->values)) return NULL;
    value *added = &tags->values[tags->count++];
    *added = (value){.group = group, .tag = tag};
    return added;
}

static void append_numbers(ship_tags *tags, int group, unsigned tag, const double *numbers, int count) {
    if (count <= 0) return;
    if (count > most_numbers) count = most_numbers;
    double *copy = malloc((size_t)count * sizeof *copy);
    value *added = copy ? append(tags, group, tag) : NULL;
    if (!added) { free(copy); return; }
    memcpy(copy, numbers, (size_t)count * sizeof *copy);
    added->numbers = copy;
    added->count = count;
}

static void append_text(ship_tags *tags, int group, unsigned tag, const char *text, size_t count) {
    size_t most = tag == SHIP_TAGS_XMP ? most_xmp : most_text;
    if (count > most) count = most;
    const char *end = memchr(text, 0, count);
    if (end) count = (size_t)(end - text);
    if (count == 0) return;
    char *copy = malloc(count);
    value *added = copy ? append(tags, group, tag) : NULL;
    if (!added) { free(copy); return; }
    memcpy(copy, text, count);
    added->text = copy;
    added->count = (int)count;
}

// EXIF block

static double fraction(double numerator, double denominator) {
    return denominator == 0 ? NAN : numerator / denominator;
}

static void append_entry(ship_tags *tags, int group, unsigned tag, const ExifEntry *entry, ExifByteOrder order) {
    if (!entry->data || entry->size == 0) return;
    if (entry->format == EXIF_FORMAT_ASCII || tag == SHIP_TAGS_XMP) {
        append_text(tags, group, tag, (const char *)entry->data, entry->size);
        return;
    }
    unsigned step = exif_format_get_size(entry->format);
    if (step == 0) return;
    double numbers[most_numbers];
    int count = 0;
    for (unsigned at = 0; count < most_numbers && (unsigned long)count < entry->components && at + step <= entry->size; at += step) {
        const unsigned char *data = entry->data + at;
        double number;
        switch (entry->format) {
            case EXIF_FORMAT_BYTE: number = data[0]; break;
            case EXIF_FORMAT_SBYTE: number = (signed char)data[0]; break;
            case EXIF_FORMAT_SHORT: number = exif_get_short(data, order); break;
            case EXIF_FORMAT_SSHORT: number = exif_get_sshort(data, order); break;
            case EXIF_FORMAT_LONG: number = exif_get_long(data, order); break;
            case EXIF_FORMAT_SLONG: number = exif_get_slong(data, order); break;
            case EXIF_FORMAT_RATIONAL: {
                ExifRational rational = exif_get_rational(data, order);
                number = fraction(rational.numerator, rational.denominator);
                break;
            }
            case EXIF_FORMAT_SRATIONAL: {
                ExifSRational rational = exif_get_srational(data, order);
                number = fraction(rational.numerator, rational.denominator);
                break;
            }
            default: return;
        }
        numbers[count++] = number;
    }
    append_numbers(tags, group, tag, numbers, count);
}

static unsigned load16(const unsigned char *at, bool big) {
    return big ? (unsigned)at[0] << 8 | at[1] : (unsigned)at[1] << 8 | at[0];
}

static unsigned long load32(const unsigned char *at, bool big) {
    return big ? (unsigned long)load16(at, big) << 16 | load16(at + 2, big) : (unsigned long)load16(at + 2, big) << 16 | load16(at, big);
}

// libexif gives up a whole directory at one thumbnail or directory offset that lies outside the block, and parses maker
// notes, which nobody asks for. Such entries are turned into one unknown byte before it sees them.
static void disarm(unsigned char *block, size_t count, size_t folder, bool big, int depth) {
    enum { entry_size = 12, thumbnail_at = 0x0201, thumbnail_length = 0x0202, exif = 0x8769, gps = 0x8825, maker_note = 0x927c, interoperability = 0xa005 };
    if (folder + 2 > count) return;
    size_t entries = load16(block + folder, big);
    for (size_t index = 0; index < entries; index++) {
        size_t at = folder + 2 + index * entry_size;
        if (at + entry_size > count) return;
        unsigned tag = load16(block + at, big);
        bool is_folder = depth == 0 && (tag == exif || tag == gps);
        size_t target = is_folder ? load32(block + at + 8, big) : 0;
        bool usable = is_folder && target >= 8 && target < count && count - target > entry_size;
        if (usable) {
            disarm(block, count, target, big, 1);
        } else if (is_folder || tag == thumbnail_at || tag == thumbnail_length || tag == maker_note || tag == interoperability) {
            static const unsigned char little_byte[] = {0xfe, 0xff, 1, 0, 1, 0, 0, 0}, big_byte[] = {0xff, 0xfe, 0, 1, 0, 0, 0, 1};
            memcpy(block + at, big ? big_byte : little_byte, sizeof big_byte);
        }
    }
    // The directory of the thumbnail is left out.
    size_t next = folder + 2 + entries * entry_size;
    if (depth == 0 && next + 4 <= count) memset(block + next, 0, 4);
}

ship_tags *ship_tags_from_exif(const unsigned char *bytes, size_t count) {
    static const unsigned char mark[6] = "Exif\0";
    ship_tags *tags = calloc(1, sizeof *tags);
    if (!tags || count < 8 || count > (16u << 20)) return tags;
    if (memcmp(bytes, mark, sizeof mark) == 0) { bytes += sizeof mark; count -= sizeof mark; }
    unsigned char *block = count < 8 ? NULL : malloc(count + sizeof mark);
    if (!block) return tags;
    memcpy(block, mark, sizeof mark); // which libexif wants and PNG leaves out
    memcpy(block + sizeof mark, bytes, count);
    bool big = bytes[0] == 'M';
    disarm(block + sizeof mark, count, load32(bytes + 4, big), big, 0);
    ExifData *data = exif_data_new();
    if (data) {
        // "Follow specification" would invent the tags that a file should have, 72 dots an inch among them.
        exif_data_unset_option(data, EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
        exif_data_unset_option(data, EXIF_DATA_OPTION_IGNORE_UNKNOWN_TAGS);
        exif_data_load_data(data, block, (unsigned)(count + sizeof mark));
        static const ExifIfd folders[] = {EXIF_IFD_0, EXIF_IFD_EXIF, EXIF_IFD_GPS};
        for (int at = 0; at < wanted_count; at++) {
            ExifContent *content = data->ifd[folders[wanted[at].group]];
            ExifEntry *entry = content ? exif_content_get_entry(content, (ExifTag)wanted[at].tag) : NULL;
            if (entry) append_entry(tags, wanted[at].group, wanted[at].tag, entry, exif_data_get_byte_order(data));
        }
        exif_data_unref(data);
    }
    free(block);
    return tags;
}

// TIFF file

typedef struct {
    const unsigned char *bytes;
    uint64_t count, position;
} memory_file;

static tmsize_t memory_read(thandle_t handle, void *buffer, tmsize_t wanted_bytes) {
    memory_file *file = (memory_file *)handle;
    uint64_t left = file->position < file->count ? file->count - file->position : 0;
    uint64_t taken = wanted_bytes < 0 ? 0 : ((uint64_t)wanted_bytes < left ? (uint64_t)wanted_bytes : left);
    if (taken) memcpy(buffer, file->bytes + file->position, taken);
    file->position += taken;
    return (tmsize_t)taken;
}

static tmsize_t memory_write(thandle_t handle, void *buffer, tmsize_t count) {
    (void)handle, (void)buffer, (void)count;
    return 0;
}

static uint64_t memory_seek(thandle_t handle, uint64_t offset, int from) {
    memory_file *file = (memory_file *)handle;
    file->position = from == SEEK_SET ? offset : from == SEEK_CUR ? file->position + offset : file->count + offset;
    return file->position;
}

static int memory_close(thandle_t handle) {
    (void)handle;
    return 0;
}

static uint64_t memory_size(thandle_t handle) {
    return ((memory_file *)handle)->count;
}

static int silent(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)user, (void)module, (void)format, (void)arguments;
    return 1;
}

static void append_field(ship_tags *tags, int group, unsigned tag, TIFF *tiff) {
    const TIFFField *field = TIFFFindField(tiff, tag, TIFF_ANY);
    if (!field) return;
    TIFFDataType type = TIFFFieldDataType(field);
    if (tag == SHIP_TAGS_XMP) {
        uint32_t count = 0;
        char *text = NULL;
        if (TIFFGetField(tiff, tag, &count, &text) == 1 && text) append_text(tags, group, tag, text, count);
        return;
    }
    if (type == TIFF_ASCII) {
        char *text = NULL;
        if (TIFFFieldPassCount(field)) {
            uint32_t count = 0;
            uint16_t short_count = 0;
            if (TIFFFieldReadCount(field) == TIFF_VARIABLE2 ? TIFFGetField(tiff, tag, &count, &text) == 1
                                                            : (TIFFGetField(tiff, tag, &short_count, &text) == 1 && ((count = short_count), true))) {
                if (text) append_text(tags, group, tag, text, count);
            }
        } else if (TIFFGetField(tiff, tag, &text) == 1 && text) {
            append_text(tags, group, tag, text, strlen(text));
        }
        return;
    }
    double numbers[most_numbers];
    int count = 0;
    int read_count = TIFFFieldReadCount(field);
    int size = TIFFFieldSetGetSize(field);
    if (!TIFFFieldPassCount(field) && read_count == 1) {
        switch (type) {
            case TIFF_BYTE: {
                uint8_t number = 0;
                if (TIFFGetField(tiff, tag, &number) == 1) numbers[count++] = number;
                break;
            }
            case TIFF_SHORT: {
                uint16_t number = 0;
                if (TIFFGetField(tiff, tag, &number) == 1) numbers[count++] = number;
                break;
            }
            case TIFF_RATIONAL:
            case TIFF_SRATIONAL:
            case TIFF_FLOAT:
            case TIFF_DOUBLE:
                if (size == 8) {
                    double number = 0;
                    if (TIFFGetField(tiff, tag, &number) == 1) numbers[count++] = number;
                } else {
                    float number = 0;
                    if (TIFFGetField(tiff, tag, &number) == 1) numbers[count++] = number;
                }
                break;
            default: break;
        }
    } else {
        uint16_t short_count = 0;
        uint32_t long_count = 0;
        const void *array = NULL;
        int there;
        if (TIFFFieldPassCount(field)) {
            there = read_count == TIFF_VARIABLE2 ? TIFFGetField(tiff, tag, &long_count, &array) : TIFFGetField(tiff, tag, &short_count, &array);
            if (read_count != TIFF_VARIABLE2) long_count = short_count;
        } else {
            there = TIFFGetField(tiff, tag, &array);
            long_count = read_count > 0 ? (uint32_t)read_count : 0;
        }
        if (there != 1 || !array) return;
        for (uint32_t at = 0; at < long_count && count < most_numbers; at++) {
            if (type == TIFF_SHORT) numbers[count++] = ((const uint16_t *)array)[at];
            else if (type == TIFF_BYTE) numbers[count++] = ((const uint8_t *)array)[at];
            else if (type == TIFF_RATIONAL || type == TIFF_SRATIONAL || type == TIFF_DOUBLE || type == TIFF_FLOAT)
                numbers[count++] = size == 8 ? ((const double *)array)[at] : ((const float *)array)[at];
            else return;
        }
    }
    append_numbers(tags, group, tag, numbers, count);
}

static void append_group(ship_tags *tags, int group, TIFF *tiff) {
    for (int at = 0; at < wanted_count; at++)
        if (wanted[at].group == group) append_field(tags, group, wanted[at].tag, tiff);
}

static ship_tags *tags_from_tiff(TIFF *tiff, unsigned page) {
    if (!tiff) return NULL;
    if (page > 0 && !TIFFSetDirectory(tiff, (tdir_t)page)) { TIFFClose(tiff); return NULL; }
    ship_tags *tags = calloc(1, sizeof *tags);
    if (tags) {
        append_group(tags, SHIP_TAGS_IMAGE, tiff);
        uint64_t exif = 0, gps = 0;
        bool has_exif = TIFFGetField(tiff, TIFFTAG_EXIFIFD, &exif) == 1;
        bool has_gps = TIFFGetField(tiff, TIFFTAG_GPSIFD, &gps) == 1;
        if (has_exif && TIFFReadEXIFDirectory(tiff, exif) == 1) append_group(tags, SHIP_TAGS_EXIF, tiff);
        if (has_gps && TIFFReadGPSDirectory(tiff, gps) == 1) append_group(tags, SHIP_TAGS_GPS, tiff);
    }
    TIFFClose(tiff);
    return tags;
}

static TIFFOpenOptions *quiet_options(void) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (options) {
        TIFFOpenOptionsSetErrorHandlerExtR(options, silent, NULL);
        TIFFOpenOptionsSetWarningHandlerExtR(options, silent, NULL);
        TIFFOpenOptionsSetMaxSingleMemAlloc(options, 64 << 20);
    }
    return options;
}

// "m": never map the file, since a pulled stick turns a mapped read into SIGBUS. "O": load strip tables only when asked.
static const char open_mode[] = "rmO";

ship_tags *ship_tags_from_tiff_file(int descriptor, unsigned page) {
    int own = dup(descriptor);
    TIFFOpenOptions *options = own < 0 ? NULL : quiet_options();
    if (!options) { if (own >= 0) close(own); return NULL; }
    lseek(own, 0, SEEK_SET);
    TIFF *tiff = TIFFFdOpenExt(own, "tiff", open_mode, options);
    TIFFOpenOptionsFree(options);
    if (!tiff) close(own);
    return tags_from_tiff(tiff, page);
}

ship_tags *ship_tags_from_tiff_bytes(const unsigned char *bytes, size_t count, unsigned page) {
    TIFFOpenOptions *options = quiet_options();
    if (!options) return NULL;
    memory_file file = {.bytes = bytes, .count = count};
    TIFF *tiff = TIFFClientOpenExt(
        "tiff", open_mode, (thandle_t)&file, memory_read, memory_write, memory_seek, memory_close, memory_size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return tags_from_tiff(tiff, page);
}

// Access

void ship_tags_free(ship_tags *tags) {
    if (!tags) return;
    for (int at = 0; at < tags->count; at++) {
        free(tags->values[at].numbers);
        free(tags->values[at].text);
    }
    free(tags);
}

static const value *find(const ship_tags *tags, int group, unsigned tag) {
    for (int at = 0; at < tags->count; at++)
        if (tags->values[at].group == group && tags->values[at].tag == tag) return &tags->values[at];
    return NULL;
}

int ship_tags_numbers(const ship_tags *tags, int group, unsigned tag, double *values, int capacity) {
    const value *found = find(tags, group, tag);
    if (!found || !found->numbers) return 0;
    int count = found->count < capacity ? found->count : capacity;
    if (count > 0) memcpy(values, found->numbers, (size_t)count * sizeof *values);
    return found->count;
}

int ship_tags_text(const ship_tags *tags, int group, unsigned tag, char *text, int capacity) {
    const value *found = find(tags, group, tag);
    if (!found || !found->text) return 0;
    int count = found->count < capacity ? found->count : capacity;
    if (count > 0) memcpy(text, found->text, (size_t)count);
    return found->count;
}
