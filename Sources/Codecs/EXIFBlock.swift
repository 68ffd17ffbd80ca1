/// Writing of what ``EXIF`` reads.
extension EXIF {
    enum Group: CaseIterable { case image, exif, gps }

    struct Tag {
        enum Value {
            case text(String)
            case bytes([UInt8])
            case short(UInt16)
            case fractions([Double])
        }
        let number: UInt32
        let value: Value
    }

    /// Tags of one directory, by number: the fields that are there, but for an orientation of 1.
    func tags(_ group: Group) -> [Tag] {
        var tags: [Tag] = []
        func text(_ number: UInt32, _ text: String?) {
            // The text ends at its first zero.
            if let text, !text.isEmpty, !text.utf8.contains(0) { tags.append(Tag(number: number, value: .text(text))) }
        }
        func fractions(_ number: UInt32, _ values: Double?...) {
            let values = values.compactMap { $0 }
            if !values.isEmpty { tags.append(Tag(number: number, value: .fractions(values))) }
        }
        switch group {
        case .image:
            // A description by ImageJ, OME or tifffile is about the file it stands in: its pages, planes, shape and units.
            if let description, !description.hasPrefix("ImageJ="), !description.contains("<OME"), !description.hasPrefix("{\"shape\"") { text(0x010E, description) }
            text(0x010F, make)
            text(0x0110, model)
            if orientation > 1 { tags.append(Tag(number: 0x0112, value: .short(UInt16(orientation)))) }
            if let resolution {
                let unit: Resolution.Unit = resolution.unit == .inch ? .inch : .centimetre
                let (x, y) = resolution.per(unit)
                fractions(0x011A, x)
                fractions(0x011B, y)
                tags.append(Tag(number: 0x0128, value: .short(unit == .inch ? 2 : 3)))
            }
            text(0x0131, software)
            text(0x013B, artist)
        case .exif:
            fractions(0x829A, exposureTime)
            fractions(0x829D, fNumber)
            if let iso, let number = UInt16(exactly: iso) { tags.append(Tag(number: 0x8827, value: .short(number))) }
            if let date, date.utf8.count == 19 {
                let bytes = Array(date.utf8)
                // "2024-05-06T07:08:09" to "2024:05:06 07:08:09".
                text(0x9003, String(decoding: bytes[..<10].map { $0 == 0x2D ? 0x3A : $0 } + [0x20] + bytes[11...], as: UTF8.self))
            }
            fractions(0x920A, focalLength)
            text(0xA434, lens)
        case .gps:
            if let latitude, let longitude {
                text(1, latitude < 0 ? "S" : "N")
                fractions(2, abs(latitude), 0, 0)
                text(3, longitude < 0 ? "W" : "E")
                fractions(4, abs(longitude), 0, 0)
            }
            if let altitude {
                tags.append(Tag(number: 5, value: .bytes([altitude < 0 ? 1 : 0])))
                fractions(6, abs(altitude))
            }
            if let gpsDate, gpsDate.utf8.count == 10 { text(0x1D, String(gpsDate.map { $0 == "-" ? ":" : $0 })) }
        }
        return tags
    }

    /// A TIFF-structured EXIF block, little-endian, as the chunk eXIf of PNG and, after "Exif" and two zeros, the segment APP1
    /// of JPEG hold it; nil when there is nothing to say.
    package func block() -> [UInt8]? {
        let groups = Group.allCases.map { tags($0) }
        guard groups.contains(where: { !$0.isEmpty }) else { return nil }
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
        // Directories first, the image's with pointers to the others; what does not fit an entry's four bytes comes behind all.
        let pointers = groups[1...].count { !$0.isEmpty }
        let counts = [groups[0].count + pointers, groups[1].count, groups[2].count]
        var places: [Int] = []
        var end = 8
        for count in counts {
            places.append(end)
            if count > 0 { end += 2 + 12 * count + 4 }
        }
        var folders: [UInt8] = []
        var heap: [UInt8] = []
        for (index, tags) in groups.enumerated() where counts[index] > 0 {
            folders += little(counts[index], 2)
            for tag in tags {
                let (type, count, data): (Int, Int, [UInt8])
                switch tag.value {
                case .text(let text): (type, count, data) = (2, text.utf8.count + 1, Array(text.utf8) + [0])
                case .bytes(let bytes): (type, count, data) = (1, bytes.count, bytes)
                case .short(let number): (type, count, data) = (3, 1, little(Int(number), 2))
                case .fractions(let numbers):
                    (type, count, data) = (5, numbers.count, numbers.flatMap { little(Self.fraction($0).0, 4) + little(Self.fraction($0).1, 4) })
                }
                folders += little(Int(tag.number), 2) + little(type, 2) + little(count, 4)
                if data.count <= 4 {
                    folders += data + [UInt8](repeating: 0, count: 4 - data.count)
                } else {
                    folders += little(end + heap.count, 4)
                    heap += data.count % 2 == 0 ? data : data + [0]
                }
            }
            if index == 0 {
                for (number, place) in zip([0x8769, 0x8825], 1...) where counts[place] > 0 {
                    folders += little(number, 2) + little(4, 2) + little(1, 4) + little(places[place], 4)
                }
            }
            folders += [0, 0, 0, 0]
        }
        return [0x49, 0x49, 42, 0, 8, 0, 0, 0] + folders + heap
    }

    /// Closest fraction of two 32-bit numbers by continued fractions.
    static func fraction(_ value: Double) -> (Int, Int) {
        guard value.isFinite, value > 0 else { return (0, 1) }
        guard value < 4_294_967_295 else { return (4_294_967_294, 1) }
        var (numerator, denominator, before, beforeDenominator) = (1, 0, 0, 1)
        var rest = value
        for _ in 0..<64 {
            let whole = rest.rounded(.down)
            guard whole < 4_294_967_295 else { break }
            let (next, nextDenominator) = (Int(whole) * numerator + before, Int(whole) * denominator + beforeDenominator)
            guard next < 4_294_967_295, nextDenominator < 4_294_967_295 else { break }
            (before, beforeDenominator, numerator, denominator) = (numerator, denominator, next, nextDenominator)
            let part = rest - whole
            if part < 1e-12 || abs(Double(numerator) / Double(denominator) - value) <= 1e-13 * value { break }
            rest = 1 / part
        }
        return denominator == 0 ? (0, 1) : (numerator, denominator)
    }
}
