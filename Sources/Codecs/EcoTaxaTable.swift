import CZip

/// The objects of an export as EcoTaxa wants them: one row an image, a column a property.
///
/// EcoTaxa has no way to say "unknown" in a numeric column without storing a blank that its users stumble over, and a
/// strict check complains. So a numeric column that is unknown for every object is left out, and objects that lack a
/// number others have go into a table of their own without that column: an archive may hold up to 2,000 tables.
package struct EcoTaxaTable: Sendable {
    package enum Value: Sendable, Equatable {
        case text(String)
        /// nil, infinite and NaN mean unknown.
        case number(Double?)
    }

    /// Columns are kept one by one: 8 bytes a number, 16 a text, so that 100,000 objects fit in memory.
    private struct Storage {
        var name: String
        /// NaN = unknown. Used until the first text arrives.
        var numbers: [Double] = []
        var texts: [String]?
    }

    private var storage: [Storage] = []
    private var indices: [String: Int] = [:]
    private var lastNames: [String] = []
    private var lastIndices: [Int] = []
    private struct Size: Sendable { var width: Int32, height: Int32 }
    private var sizes: [Size] = []
    private var infinite: [String: Int] = [:]

    package private(set) var count = 0

    /// Rows that are expected, so that columns need not grow.
    private let expected: Int

    package init(expecting rows: Int = 0) { expected = rows }

    /// Names of all columns in the order they are written: image, object, acquisition, process, sample; those EcoTaxa
    /// knows first, then in the order of their first appearance.
    package var columnNames: [String] { order.map { storage[$0].name } }

    /// Adds one image of one object.
    ///
    /// - Parameters:
    ///   - row: column names (see `EcoTaxaColumn.name(of:level:)`) and values, each name once.
    ///     `img_file_name`, `object_id`, `sample_id` and `acq_id` should always be there.
    ///   - imageWidth, imageHeight: size of the image, for the check.
    package mutating func append(_ row: [(column: String, value: Value)], imageWidth: Int = 1, imageHeight: Int = 1) {
        let names = row.map { $0.column }
        // Rows of one export have the same columns: looking them up once is enough.
        if names != lastNames {
            lastNames = names
            lastIndices = names.map { index(of: $0) }
            precondition(Set(lastIndices).count == lastIndices.count, "a column occurs twice in \(names)")
        }
        for (position, (column, value)) in zip(lastIndices, row) {
            switch value {
            case .text(let text):
                if storage[position].texts == nil {
                    var texts: [String] = []
                    texts.reserveCapacity(expected)
                    for number in storage[position].numbers { texts.append(number.isNaN ? "" : EcoTaxaValue.text(number)) }
                    storage[position].texts = texts
                    storage[position].numbers = []
                }
                fill(position)
                storage[position].texts!.append(text)
            case .number(let number):
                let known = number.flatMap { $0.isFinite ? $0 : nil }
                if let number, number.isInfinite { infinite[column, default: 0] += 1 }
                fill(position)
                if storage[position].texts != nil {
                    storage[position].texts!.append(known.map(EcoTaxaValue.text) ?? "")
                } else {
                    storage[position].numbers.append(known ?? .nan)
                }
            }
        }
        sizes.append(Size(width: Int32(clamping: imageWidth), height: Int32(clamping: imageHeight)))
        count += 1
    }

    private mutating func index(of name: String) -> Int {
        if let found = indices[name] { return found }
        indices[name] = storage.count
        storage.append(Storage(name: name))
        storage[storage.count - 1].numbers.reserveCapacity(expected)
        return storage.count - 1
    }

    /// Makes a column as long as the rows before this one.
    private mutating func fill(_ position: Int) {
        if let texts = storage[position].texts {
            if texts.count < count { storage[position].texts! += Array(repeating: "", count: count - texts.count) }
        } else if storage[position].numbers.count < count {
            storage[position].numbers += Array(repeating: .nan, count: count - storage[position].numbers.count)
        }
    }

    private var order: [Int] {
        func rank(_ name: String) -> Int {
            let known = ["img_file_name", "img_rank", "object_id", "object_lat", "object_lon", "object_date", "object_time", "object_depth_min", "object_depth_max", "object_link"]
            if let index = known.firstIndex(of: name) { return index }
            let isKnown = EcoTaxaColumn.knownRole(name) != nil
            if name.hasPrefix("object_") { return isKnown ? 20 : 30 }
            if name.hasPrefix("acq_") { return isKnown ? name == "acq_id" ? 40 : 41 : 42 }
            if name.hasPrefix("process_") { return isKnown ? 50 : 51 }
            if name.hasPrefix("sample_") { return isKnown ? name == "sample_id" ? 60 : 61 : 62 }
            return 70
        }
        return storage.indices.sorted { (rank(storage[$0].name), $0) < (rank(storage[$1].name), $1) }
    }

    private func text(_ column: Int, _ row: Int) -> String {
        if let texts = storage[column].texts { return row < texts.count ? texts[row] : "" }
        let numbers = storage[column].numbers
        return row < numbers.count && !numbers[row].isNaN ? EcoTaxaValue.text(numbers[row]) : ""
    }

    /// File name of a row's image.
    package func imageName(_ row: Int) -> String {
        indices["img_file_name"].map { text($0, row) } ?? ""
    }

    // MARK: parts

    /// Rows that share the same known numbers, and the columns they have.
    struct Part {
        var rows: [Int]
        var columns: [Int]
    }

    private static let mostParts = 200

    /// Columns that may not be blank: free numbers of objects.
    private func isStrictNumber(_ column: Int) -> Bool {
        storage[column].texts == nil && storage[column].name.hasPrefix("object_") && EcoTaxaColumn.knownRole(storage[column].name) == nil
    }

    /// Splits the rows so that no number is blank. Also the columns that had to be dropped to keep the parts few.
    private func parts() -> (parts: [Part], dropped: [Int]) {
        var strict = order.filter(isStrictNumber)
        let missing = { (column: Int) in count - storage[column].numbers.count(where: { !$0.isNaN }) }
        strict.removeAll { missing($0) == count }
        var open = strict.filter { missing($0) > 0 }.sorted { (missing($0), $0) < (missing($1), $1) }
        var dropped: [Int] = []
        var groups: [[UInt64]: [Int]] = [:]
        while true {
            groups = [:]
            for row in 0..<count {
                var bits = [UInt64](repeating: 0, count: (open.count + 63) / 64)
                for (position, column) in open.enumerated() {
                    let numbers = storage[column].numbers
                    if row >= numbers.count || numbers[row].isNaN { bits[position / 64] |= 1 << UInt64(position % 64) }
                }
                groups[bits, default: []].append(row)
                if groups.count > Self.mostParts { break }
            }
            if groups.count <= Self.mostParts { break }
            dropped.append(open.removeLast())
        }
        let unusable = Set(dropped)
        let others = order.filter { !isStrictNumber($0) || strict.contains($0) }.filter { !unusable.contains($0) }
        let parts = groups.map { bits, rows in
            let absent = Set(open.enumerated().filter { bits[$0.offset / 64] >> UInt64($0.offset % 64) & 1 == 1 }.map(\.element))
            return Part(rows: rows, columns: others.filter { !absent.contains($0) })
        }
        return (parts.sorted { ($0.rows.first ?? 0) < ($1.rows.first ?? 0) }, dropped)
    }

    private func type(_ column: Int) -> String {
        let name = storage[column].name
        if let role = EcoTaxaColumn.knownRole(name) { return role.isNumeric ? "[f]" : "[t]" }
        return storage[column].texts == nil && name.hasPrefix("object_") ? "[f]" : "[t]"
    }

    // MARK: check and encode

    /// Everything that EcoTaxa would refuse or change, before a byte is written.
    ///
    /// - Complexity: one pass over all cells.
    package func check(name: String = "export") -> [EcoTaxaFinding] {
        let (parts, dropped) = parts()
        var check = EcoTaxaCheck()
        var imageSizes: [String: Size] = [:]
        for row in 0..<count {
            let image = imageName(row)
            if imageSizes.updateValue(sizes[row], forKey: image) != nil {
                check.add(
                    EcoTaxaFinding(
                        .error, column: "img_file_name", object: indices["object_id"].map { text($0, row) },
                        message: "the image name “\(image)” is used by an object before", remedy: "Give every image a name of its own."))
            }
        }
        for (index, part) in parts.enumerated() {
            // Numbers that every row of the part has: written and read again they are the same numbers.
            let isKnown = part.columns.map(isStrictNumber)
            check.begin(
                table: Self.fileName(name, part: index, of: parts.count, sum: nil), headers: part.columns.map { storage[$0].name }, types: part.columns.map(type),
                known: isKnown)
            for (position, row) in part.rows.enumerated() {
                check.row(line: position + 3, cells: zip(part.columns, isKnown).map { $1 ? "" : text($0, row) }) { path in
                    if let reason = ZipEntryName.fault(Array(path.utf8)) { return ("cannot be packed, \(reason)", "Rename it.") }
                    let suffix = path.split(separator: ".").last?.lowercased() ?? ""
                    guard ["png", "jpg", "jpeg", "gif"].contains(suffix) else { return ("is not PNG, JPEG or GIF", "Export PNG or JPEG.") }
                    guard let size = imageSizes[path], max(size.width, size.height) <= EcoTaxaImage.longestEdge else {
                        return ("has more than \(EcoTaxaImage.longestEdge) pixels a side", "Leave the object out or split it.")
                    }
                    return nil
                }
            }
        }
        check.end()
        for column in order where isStrictNumber(column) {
            let name = storage[column].name
            let unknown = count - storage[column].numbers.count(where: { !$0.isNaN })
            let infinities = infinite[name].map { ", \($0) of them infinite" } ?? ""
            if dropped.contains(column) {
                check.add(
                    EcoTaxaFinding(
                        .warning, column: name, message: "\(name) is unknown for \(unknown) of \(count) rows\(infinities) and is left out of the archive",
                        remedy: "Measure these objects again, or export them in groups."))
            } else if unknown > 0, unknown < count {
                let first = (0..<count).first { $0 >= storage[column].numbers.count || storage[column].numbers[$0].isNaN } ?? 0
                check.add(
                    EcoTaxaFinding(
                        .warning, column: name, object: indices["object_id"].map { text($0, first) },
                        message: "\(name) is unknown for \(unknown) of \(count) rows\(infinities), the first being that of this object; they go into a table without this column.",
                        remedy: name.hasSuffix("_um") || name.hasSuffix("_um2")
                            ? "Enter the pixel size of their images, then measure again." : "Nothing to do if the number has no meaning for them."))
            }
        }
        return check.findings
    }

    /// One finished table of the archive.
    package struct File: Sendable {
        package let name: String
        package let bytes: [UInt8]
    }

    /// The finished tables: UTF-8 with byte order mark, header row, type row, LF.
    ///
    /// Their names carry a checksum of their content: EcoTaxa remembers the names it has loaded, so a table that changed
    /// must not have the old name.
    package func encode(name: String) -> [File] {
        let parts = parts().parts
        return parts.enumerated().map { index, part in
            var bytes = TSV.byteOrderMark
            TSV.append(part.columns.map { storage[$0].name }, to: &bytes)
            TSV.append(part.columns.map(type), to: &bytes)
            for (done, row) in part.rows.enumerated() {
                TSV.append(part.columns.map { text($0, row) }, to: &bytes)
                // So long that it need not grow, because while it does it is there twice.
                if done == 63 { bytes.reserveCapacity(bytes.count / 60 * part.rows.count) }
            }
            let sum = bytes.withUnsafeBytes { ship_zip_crc32(0, $0.baseAddress, UInt64($0.count)) }
            return File(name: Self.fileName(name, part: index, of: parts.count, sum: sum), bytes: bytes)
        }
    }

    private static func fileName(_ name: String, part: Int, of parts: Int, sum: UInt32?) -> String {
        var clean = String(String.UnicodeScalarView(name.lowercased().unicodeScalars.map { scalar in
            "a"..."z" ~= scalar || "0"..."9" ~= scalar || scalar == "-" || scalar == "_" ? scalar : "_"
        }))
        clean = String(clean.prefix(80))
        let number = parts > 1 ? "_\(part + 1)" : ""
        let suffix = sum.map { sum in "_" + String(repeating: "0", count: 8 - String(sum, radix: 16).count) + String(sum, radix: 16) } ?? ""
        return "ecotaxa_\(clean)\(number)\(suffix).tsv"
    }
}
