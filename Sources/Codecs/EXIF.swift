import CEXIF

/// What a picture file says about how it was taken: the EXIF block of JPEG and PNG, the tags of TIFF, JFIF and pHYs densities.
///
/// Reading never fails: a damaged, missing or senseless value is nil, and everything that is readable is there.
/// Text is plain text, trimmed, without control characters; bytes that are not UTF-8 are read as Latin-1.
package struct EXIF: Sendable, Equatable {
    /// Time of exposure by the camera's clock, "2024-05-06T07:08:09": original, else digitised, else changed.
    package var date: String?
    /// How to turn the pixels upright, 1 … 8 as in the EXIF standard; 1 (upright) when absent or senseless.
    package var orientation = 1
    /// Degrees, north and east positive. Nil without a reference letter, since the sign would be a guess.
    package var latitude: Double?
    package var longitude: Double?
    /// Metres above sea level, negative below.
    package var altitude: Double?
    /// Day of the satellite fix (UTC), "2024-05-06".
    package var gpsDate: String?
    package var resolution: Resolution?
    package var make: String?
    package var model: String?
    package var lens: String?
    package var software: String?
    package var artist: String?
    package var description: String?
    /// Seconds.
    package var exposureTime: Double?
    package var fNumber: Double?
    package var iso: Int?
    /// Millimetres.
    package var focalLength: Double?

    package init() {}

    /// Metadata of a JPEG, PNG or TIFF file, told apart by content. Nil when the file cannot be read or is none of these.
    package static func read(path: String, page: Int = 0) -> EXIF? {
        guard let source = MetadataSource(path: path) else { return nil }
        return read(source, page: page, whole: false)?.exif
    }

    /// The same from bytes in memory.
    package static func read(bytes: [UInt8], page: Int = 0) -> EXIF? {
        read(MetadataSource(bytes: bytes), page: page, whole: false)?.exif
    }

    /// - Parameter whole: texts and XMP too.
    static func read(_ source: borrowing MetadataSource, page: Int, whole: Bool) -> FileMetadata? {
        let head = source.read(at: 0, count: 8)
        var metadata = FileMetadata()
        if head.starts(with: [0xff, 0xd8]) || head == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] {
            let blocks = head[0] == 0xff ? MetadataBlocks(jpeg: source, texts: whole) : MetadataBlocks(png: source, texts: whole)
            metadata.exif = EXIF(blocks)
            (metadata.texts, metadata.xmp) = (blocks.texts, blocks.xmp)
            return metadata
        }
        guard head.starts(with: [0x49, 0x49]) || head.starts(with: [0x4d, 0x4d]), let page = UInt32(exactly: page) else { return nil }
        let opened = source.withSource(
            file: { ship_tags_from_tiff_file($0, page) },
            memory: { ship_tags_from_tiff_bytes($0.baseAddress, $0.count, page) })
        guard let tags = opened else { return nil }
        defer { ship_tags_free(tags) }
        metadata.exif = EXIF(tags: tags, source: .tiff)
        if whole { metadata.xmp = MetadataBlocks.packet(text(tags, Int32(SHIP_TAGS_IMAGE), UInt32(SHIP_TAGS_XMP))) }
        return metadata
    }

    private static func text(_ tags: OpaquePointer, _ group: Int32, _ tag: UInt32) -> [UInt8] {
        let count = ship_tags_text(tags, group, tag, nil, 0)
        guard count > 0 else { return [] }
        var bytes = [CChar](repeating: 0, count: Int(count))
        _ = ship_tags_text(tags, group, tag, &bytes, count)
        return bytes.map { UInt8(bitPattern: $0) }
    }

    private init(_ blocks: MetadataBlocks) {
        if blocks.exif.isEmpty {
            self.init()
        } else if let tags = ship_tags_from_exif(blocks.exif, blocks.exif.count) {
            self.init(tags: tags, source: .exif)
            ship_tags_free(tags)
        } else {
            self.init()
        }
        if resolution == nil { resolution = blocks.density }
    }

    // Numbers of tags are those of the EXIF 2.32 and TIFF 6.0 standards.
    private init(tags: OpaquePointer, source: Resolution.Source) {
        let image = Int32(SHIP_TAGS_IMAGE), exif = Int32(SHIP_TAGS_EXIF), gps = Int32(SHIP_TAGS_GPS)
        func numbers(_ group: Int32, _ tag: UInt32) -> [Double] {
            var values = [Double](repeating: 0, count: 8)
            let count = ship_tags_numbers(tags, group, tag, &values, 8)
            return Array(values.prefix(Int(count)))
        }
        func positive(_ group: Int32, _ tag: UInt32) -> Double? {
            // 4294967295 is how writers say "unknown" in a fraction.
            numbers(group, tag).first.flatMap { $0.isFinite && $0 > 0 && $0 < 4_294_967_295 ? $0 : nil }
        }
        func raw(_ group: Int32, _ tag: UInt32) -> [UInt8] { Self.text(tags, group, tag) }
        func text(_ group: Int32, _ tag: UInt32) -> String? { Self.clean(raw(group, tag)) }

        date = Self.dateTime(raw(exif, 0x9003)) ?? Self.dateTime(raw(exif, 0x9004)) ?? Self.dateTime(raw(image, 0x0132))
        if let stated = numbers(image, 0x0112).first, let value = Int(exactly: stated), 1...8 ~= value { orientation = value }
        latitude = Self.degrees(numbers(gps, 0x0002), reference: raw(gps, 0x0001).first, letters: "NS", limit: 90)
        longitude = Self.degrees(numbers(gps, 0x0004), reference: raw(gps, 0x0003).first, letters: "EW", limit: 180)
        if latitude == nil || longitude == nil { (latitude, longitude) = (nil, nil) }
        if let metres = numbers(gps, 0x0006).first, metres.isFinite, metres >= 0, metres < 100_000 {
            altitude = numbers(gps, 0x0005).first == 1 ? -metres : metres
        }
        gpsDate = Self.day(raw(gps, 0x001d))
        make = text(image, 0x010f)
        model = text(image, 0x0110)
        lens = text(exif, 0xa434)
        software = text(image, 0x0131)
        artist = text(image, 0x013b)
        let wholeDescription = raw(image, 0x010e)
        description = Self.clean(Array(wholeDescription.prefix(2000)))
        exposureTime = positive(exif, 0x829a)
        fNumber = positive(exif, 0x829d)
        iso = positive(exif, 0x8827).flatMap { Int(exactly: $0) }
        focalLength = positive(exif, 0x920a)

        let x = positive(image, 0x011a), y = positive(image, 0x011b)
        if let stated = Self.statedCalibration(String(decoding: wholeDescription, as: UTF8.self), x: x, y: y) {
            resolution = stated
        } else if let x, let y {
            switch numbers(image, 0x0128).first {
            case nil, 2: resolution = Resolution(x: x, y: y, unit: .inch, source: source)  // inch is the standard's default
            case 3: resolution = Resolution(x: x, y: y, unit: .centimetre, source: source)
            default: break
            }
        }
    }

    /// Calibration in the description: ImageJ ("unit=micron", density in the TIFF tags) or OME-XML (PhysicalSizeX).
    private static func statedCalibration(_ text: String, x: Double?, y: Double?) -> Resolution? {
        if text.hasPrefix("ImageJ="), let x {
            let units: [String: Resolution.Unit] = [
                "micron": .micrometre, "um": .micrometre, "µm": .micrometre, "μm": .micrometre, "\\u00B5m": .micrometre, "mm": .millimetre,
                "cm": .centimetre, "inch": .inch,
            ]
            for line in text.split(separator: "\n") where line.hasPrefix("unit=") {
                guard let unit = units[String(line.dropFirst(5))] else { return nil }
                return Resolution(x: x, y: y ?? x, unit: unit, source: .imageJ)
            }
            return nil
        }
        guard text.contains("<OME"), let sizeX = attribute("PhysicalSizeX", of: text).flatMap(Double.init) else { return nil }
        let sizeY = attribute("PhysicalSizeY", of: text).flatMap(Double.init) ?? sizeX
        let unit: Resolution.Unit
        switch attribute("PhysicalSizeXUnit", of: text) ?? "µm" {
        case "µm", "μm", "&#181;m", "&#xb5;m", "&#xB5;m": unit = .micrometre
        case "mm": unit = .millimetre
        case "cm": unit = .centimetre
        case "nm": return sizeX > 0 && sizeY > 0 ? Resolution(x: 1000 / sizeX, y: 1000 / sizeY, unit: .micrometre, source: .ome) : nil
        default: return nil
        }
        guard sizeX > 0, sizeY > 0 else { return nil }
        return Resolution(x: 1 / sizeX, y: 1 / sizeY, unit: unit, source: .ome)
    }

    /// Value of the first `name="…"`. Good enough for the one attribute wanted; the text is never parsed as XML.
    private static func attribute(_ name: String, of text: String) -> String? {
        let bytes = Array(text.utf8), key = Array(" \(name)=\"".utf8)
        guard bytes.count > key.count else { return nil }
        for start in 0..<(bytes.count - key.count) where bytes[start] == key[0] && bytes[start..<(start + key.count)].elementsEqual(key) {
            let value = bytes[(start + key.count)...]
            guard let end = value.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
            return String(decoding: value[..<end], as: UTF8.self)
        }
        return nil
    }

    /// Text without zeros, control characters and outer blanks; nil when nothing is left.
    static func clean(_ bytes: [UInt8]) -> String? {
        let all = String(validating: bytes, as: UTF8.self) ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        var scalars = String.UnicodeScalarView()
        for scalar in all.unicodeScalars {
            if scalar.properties.generalCategory == .control {
                if scalar == "\n" || scalar == "\t" || scalar == "\r" { scalars.append(" ") }
            } else {
                scalars.append(scalar)
            }
        }
        let words = scalars.split(whereSeparator: { $0 == " " }).map { String($0) }
        return words.isEmpty ? nil : words.joined(separator: " ")
    }

    /// "2024:05:06 07:08:09" as "2024-05-06T07:08:09"; nil unless it is a day and time that exist.
    static func dateTime(_ bytes: [UInt8]) -> String? {
        guard bytes.count >= 19, let day = day(Array(bytes[0..<10])), bytes[10] == UInt8(ascii: " ") || bytes[10] == UInt8(ascii: "T"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let hour = digits(bytes[11..<13]), let minute = digits(bytes[14..<16]), let second = digits(bytes[17..<19]),
            hour < 24, minute < 60, second < 60
        else { return nil }
        return day + "T" + String(decoding: bytes[11..<19], as: UTF8.self)
    }

    /// "2024:05:06" (or with dashes or slashes) as "2024-05-06".
    static func day(_ bytes: [UInt8]) -> String? {
        guard bytes.count >= 10, let year = digits(bytes[0..<4]), let month = digits(bytes[5..<7]), let day = digits(bytes[8..<10]),
            bytes[4] == bytes[7], [UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "/")].contains(bytes[4]),
            CalendarDay(year: year, month: month, day: day) != nil
        else { return nil }
        return String(decoding: bytes[0..<4] + [0x2d] + bytes[5..<7] + [0x2d] + bytes[8..<10], as: UTF8.self)
    }

    private static func digits(_ bytes: ArraySlice<UInt8>) -> Int? {
        var number = 0
        for byte in bytes {
            guard 0x30...0x39 ~= byte else { return nil }
            number = number * 10 + Int(byte - 0x30)
        }
        return number
    }

    /// Degrees, minutes and seconds with their letter as one signed number, rounded to a ten-millionth (1 cm).
    private static func degrees(_ parts: [Double], reference: UInt8?, letters: String, limit: Double) -> Double? {
        guard let first = parts.first, first.isFinite, first >= 0, let reference else { return nil }
        var value = first
        for (part, weight) in zip(parts.dropFirst().prefix(2), [60.0, 3600]) where part.isFinite && part >= 0 { value += part / weight }
        guard value <= limit else { return nil }
        let letter = Character(Unicode.Scalar(reference)).uppercased()
        guard letters.contains(letter) else { return nil }
        let rounded = (value * 1e7).rounded() / 1e7
        return letter == String(letters.last!) ? -rounded : rounded
    }
}
