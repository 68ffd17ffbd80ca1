/// Checks tables of an EcoTaxa import by the rules of its importer, and by those it forgets to check.
///
/// Feed it one table after the other (`begin`, `row` …, `end`), or a whole archive or folder (`EcoTaxaCheck+Archive.swift`).
/// Of the same fault in the same column the first twenty rows are listed, the rest is counted.
package struct EcoTaxaCheck {
    /// Errors first, then by table and row.
    package var findings: [EcoTaxaFinding] { (found + summaries).sorted { ($0.severity, $0.table ?? "", $0.row ?? 0) < ($1.severity, $1.table ?? "", $1.row ?? 0) } }
    package private(set) var rowCount = 0
    package private(set) var imageCount = 0
    package var objectCount: Int { ranks.count }
    /// Whether EcoTaxa would refuse.
    package var isRefused: Bool { found.contains { $0.severity == .error } }

    /// Result of looking for an image below the table's folder: why it is unfit, or nil.
    package typealias ImageCheck = (_ path: String) -> (message: String, remedy: String)?

    private static let listed = 20
    private var found: [EcoTaxaFinding] = []
    private struct FaultKey: Hashable { var table: String, column: String, kind: String }
    private var faults: [FaultKey: (count: Int, severity: EcoTaxaFinding.Severity, remedy: String)] = [:]

    // The project keeps one mapping for all tables.
    private var freeColumns: [String: EcoTaxaColumn.Role] = [:]
    private var images: [String: String] = [:]
    private var ranks: [String: Set<Int>] = [:]
    private var sampleOfAcquisition: [String: String] = [:]
    private var parents: [String: (values: [String], table: String, row: Int)] = [:]

    // State of the current table.
    private var table = ""
    private var headers: [String] = []
    private var roles: [EcoTaxaColumn.Role?] = []
    private var isKnown: [Bool] = []
    private var positions: [EcoTaxaColumn.Role: Int] = [:]
    private var levels: [(level: EcoTaxaColumn.Level, columns: [Int])] = []

    package init() {}

    private var summaries: [EcoTaxaFinding] {
        faults.sorted { ($0.key.table, $0.key.column, $0.key.kind) < ($1.key.table, $1.key.column, $1.key.kind) }.compactMap { key, fault in
            guard fault.count > Self.listed else { return nil }
            return EcoTaxaFinding(
                fault.severity, table: key.table, column: key.column.isEmpty ? nil : key.column,
                message: "\(fault.count - Self.listed) more rows have the same fault (\(key.kind))", remedy: fault.remedy)
        }
    }

    package mutating func add(_ finding: EcoTaxaFinding) { found.append(finding) }

    private mutating func note(
        _ severity: EcoTaxaFinding.Severity, _ kind: String, row: Int? = nil, column: String? = nil, object: String? = nil, _ message: String, _ remedy: String
    ) {
        let key = FaultKey(table: table, column: column ?? "", kind: kind)
        faults[key, default: (0, severity, remedy)].count += 1
        guard faults[key]!.count <= Self.listed else { return }
        found.append(EcoTaxaFinding(severity, table: table, row: row, column: column, object: object, message: message, remedy: remedy))
    }

    // MARK: tables

    /// Begins a table with its header row and its type row.
    /// - Parameter known: columns whose cells need no look, because they are free numbers of which each is there; empty: none.
    package mutating func begin(table name: String, headers rawHeaders: [String], types: [String], known: [Bool] = []) {
        precondition(known.isEmpty || known.count == rawHeaders.count, "\(known.count) of \(rawHeaders.count) columns")
        table = name
        isKnown = known
        headers = rawHeaders.map { $0.trimmingBlanks().lowercased() }
        roles = []
        positions = [:]
        var present: [String: [Int]] = [:]
        var seen: Set<String> = []
        for (index, header) in headers.enumerated() {
            let raw = rawHeaders[index]
            if raw != header {
                let exact = ["object_id", "img_file_name", "sample_id", "acq_id", "object_annotation_category", "object_annotation_category_id", "object_annotation_status"]
                note(
                    exact.contains(header) ? .error : .warning, "spelling", row: 1, column: header, "the column “\(raw)” is not in lower case without blanks",
                    "Write \(header).")
            }
            if !seen.insert(header).inserted {
                note(.warning, "column twice", row: 1, column: header, "the column \(header) occurs twice; only one is read", "Leave one out.")
            }
            guard let mark = header.firstIndex(of: "_") else {
                note(.error, "no underscore", row: 1, column: header, "the column “\(header)” is not of the form table_field", "Call it object_\(header) or leave it out.")
                roles.append(nil)
                continue
            }
            let prefix = String(header[..<mark])
            present[prefix, default: []].append(index)
            let role = self.role(header, prefix: prefix, type: index < types.count ? types[index] : "")
            roles.append(role)
            if let role, positions[role] == nil { positions[role] = index }
        }
        levels = []
        for level in EcoTaxaColumn.Level.allCases {
            guard let columns = present[level.rawValue] else { continue }
            if !headers.contains(level.rawValue + "_id") {
                note(
                    .error, "no id", row: 1, column: level.rawValue + "_id", "the column \(level.rawValue)_id is missing although there are other \(level.rawValue)_ columns",
                    "Add \(level.rawValue)_id with one name for each \(level.words).")
            }
            if level != .object { levels.append((level, columns)) }
        }
        for name in ["img_file_name", "object_id"] where !headers.contains(name) {
            note(.error, "missing column", row: 1, column: name, "the column \(name) is missing", "Add it; every object needs one.")
        }
        if positions[.sampleID] == nil || positions[.acquisitionID] == nil {
            note(
                .warning, "no parents", row: 1, column: positions[.sampleID] == nil ? "sample_id" : "acq_id", "there is no \(positions[.sampleID] == nil ? "sample_id" : "acq_id"); EcoTaxa invents one",
                "Give the sample and the acquisition of each image, from the file name or by hand.")
        }
        if positions[.latitude] == nil || positions[.longitude] == nil {
            note(
                .warning, "no position", row: 1, column: "object_lat", "there is no position (object_lat, object_lon)",
                "Give the latitude and longitude of the images in decimal degrees, from EXIF, the file name or by hand.")
        }
    }

    private mutating func role(_ header: String, prefix: String, type: String) -> EcoTaxaColumn.Role? {
        if let known = EcoTaxaColumn.knownRole(header) { return known }
        guard let level = EcoTaxaColumn.Level(rawValue: prefix) else {
            note(
                .error, "unknown prefix", row: 1, column: header, "the column “\(header)” belongs to no table; known are object, sample, acq and process",
                "Call it object_\(header) or leave it out.")
            return nil
        }
        if let known = freeColumns[header] { return known }
        let role: EcoTaxaColumn.Role
        if level == .object {
            switch type {
            case "[f]": role = .freeNumber(level)
            case "[t]": role = .freeText(level)
            default:
                note(
                    .error, "type", row: 2, column: header, "the type “\(type)” of \(header) is neither [f] (number) nor [t] (text)",
                    "Write [f] or [t] below the column's name, in the second row.")
                return nil
            }
        } else {
            role = .freeText(level)
        }
        freeColumns[header] = role
        let limit = level.limit(numeric: role.isNumeric)
        if freeColumns.values.count(where: { $0 == role }) > limit {
            note(
                .error, "too many columns", row: 1, column: header,
                "\(header) is beyond the \(limit) \(role.isNumeric ? "numeric" : "text") columns that an EcoTaxa project can hold for each \(level.words)",
                level == .object && !role.isNumeric
                    ? "Leave it out, or make it a sample_ or acq_ column if it is the same for all objects of a sample." : "Leave out columns that are not needed.")
        }
        return role
    }

    /// One row of the current table; `line` is its line in the file.
    ///
    /// - Complexity: one pass over its cells.
    package mutating func row(line: Int, cells: [String], image check: ImageCheck) {
        rowCount += 1
        if cells.count > headers.count {
            note(.error, "too many cells", row: line, "the row has \(cells.count - headers.count) values beyond the last column", "Name their columns in the first row or take them out.")
        }
        func cell(_ role: EcoTaxaColumn.Role) -> String {
            guard let index = positions[role], index < cells.count else { return "" }
            return cells[index].trimmingBlanks()
        }
        let object = cell(.objectID)
        for (index, role) in roles.enumerated() {
            guard let role, isKnown.isEmpty || !isKnown[index] else { continue }
            let text = index < cells.count ? cells[index].trimmingBlanks() : ""
            checkCell(text, role, column: headers[index], line: line, object: object)
        }
        if object.isEmpty {
            note(.error, "no object_id", row: line, column: "object_id", "object_id is empty", "Give every object a name of its own.")
        } else if object.utf16.count > 255 {
            note(.error, "object_id too long", row: line, column: "object_id", object: object, "object_id has \(object.utf16.count) characters, more than 255", "Shorten it.")
        }
        checkImage(cell(.imageFile), object: object, line: line, check)
        checkRank(cell(.imageRank), object: object, line: line)
        checkPosition(cell(.latitude), cell(.longitude), object: object, line: line)
        checkAnnotation(cell(.status), cell(.category), cell(.categoryID), object: object, line: line)
        checkParents(cells, sample: cell(.sampleID), acquisition: cell(.acquisitionID), object: object, line: line)
    }

    /// Ends the checking of all tables.
    package mutating func end() {
        guard rowCount == 0, found.allSatisfy({ $0.severity != .error }) else { return }
        found.append(EcoTaxaFinding(.error, message: "there is no object in any table", remedy: "Run the pipeline first, or choose images that have objects."))
    }

    // MARK: cells

    private mutating func checkCell(_ text: String, _ role: EcoTaxaColumn.Role, column: String, line: Int, object: String) {
        if role.isNumeric {
            let isMissing = text.isEmpty || text.lowercased() == "nan" || text.lowercased() == "na"
            if isMissing {
                if case .freeNumber = role {
                    note(
                        .warning, "empty number", row: line, column: column, object: object, "\(column) is empty; EcoTaxa stores “unknown”",
                        "Measure it again, or leave the column out of the table of these objects.")
                }
                return
            }
            if role == .latitude || role == .longitude { return }  // may be degrees, minutes and seconds
            guard let number = EcoTaxaValue.number(text) else {
                note(
                    .error, "not a number", row: line, column: column, object: object, "“\(text.shortened())” is not a number",
                    text.contains(",") ? "Write a point, not a comma." : "Write a number such as 12.5, or make it a text column.")
                return
            }
            if !number.isFinite {
                note(.warning, "infinite", row: line, column: column, object: object, "\(column) is infinite", "Leave it empty or out.")
            } else if role == .categoryID, Int(exactly: number) == nil {
                note(.error, "category id", row: line, column: column, object: object, "“\(text)” is not a number of a category", "Write EcoTaxa's number of the category.")
            }
            return
        }
        guard !text.isEmpty else { return }
        switch role {
        case .date:
            if !EcoTaxaValue.isDate(text) {
                note(.error, "date", row: line, column: column, object: object, "“\(text.shortened())” is not a day of the calendar", "Write YYYYMMDD or YYYY-MM-DD.")
            }
        case .time:
            if !EcoTaxaValue.isTime(text) {
                note(.error, "time", row: line, column: column, object: object, "“\(text.shortened())” is not a time of day", "Write HHMMSS or HH:MM:SS, with two digits each.")
            }
        case .status:
            if !["predicted", "dubious", "validated", "discarded", "noid"].contains(text.lowercased()) {
                note(
                    .error, "status", row: line, column: column, object: object, "“\(text.shortened())” is no status of a label",
                    "Write predicted, validated, dubious, discarded or noid.")
            }
        case .freeText, .sampleID, .acquisitionID, .processID, .category, .knownText:
            var limit = 255
            if case .freeText = role { limit = EcoTaxaColumn.longestText }
            if case .knownText(let own) = role { limit = own }
            if text.unicodeScalars.count > limit {
                note(
                    .error, "too long", row: line, column: column, object: object, "the text has \(text.unicodeScalars.count) characters, more than \(limit)",
                    "Shorten it; EcoTaxa's own check lets it pass and the import breaks later.")
            }
        default: break
        }
    }

    private mutating func checkImage(_ name: String, object: String, line: Int, _ check: ImageCheck) {
        guard !name.isEmpty else {
            note(.error, "no image", row: line, column: "img_file_name", object: object, "the row names no image", "Give the file name of the object's image.")
            return
        }
        if name.utf16.count > 255 {
            note(.error, "image name", row: line, column: "img_file_name", object: object, "the image's name has \(name.utf16.count) characters, more than 255", "Shorten it.")
        }
        let folder = table.lastIndex(of: "/").map { String(table[...$0]) } ?? ""
        if let fault = check(folder + name) {
            note(.error, fault.message, row: line, column: "img_file_name", object: object, "the image “\(name)” \(fault.message)", fault.remedy)
        } else {
            imageCount += 1
        }
        let key = object + "\t" + folder + name
        if let before = images.updateValue("\(table), row \(line)", forKey: key) {
            note(
                .error, "row twice", row: line, column: "img_file_name", object: object, "the object with this image occurs already in \(before)",
                "Leave one of the rows out, or give the objects names of their own.")
        }
    }

    private mutating func checkRank(_ text: String, object: String, line: Int) {
        guard !object.isEmpty else { return }
        guard let number = EcoTaxaValue.number(text), number.isFinite else {
            ranks[object, default: []].formUnion([])
            return
        }
        guard let rank = Int(exactly: number), rank >= 0 else {
            note(.warning, "rank", row: line, column: "img_rank", object: object, "img_rank \(text) is not a whole number from 0", "Number the images of an object 0, 1, 2 …")
            return
        }
        if rank > 32_767 {
            note(
                .error, "rank too large", row: line, column: "img_rank", object: object, "img_rank \(rank) is more than 32,767, which fails late in the import",
                "Number the images of each object from 0, not those of the whole table.")
        }
        if !ranks[object, default: []].insert(rank).inserted {
            note(
                .warning, "rank twice", row: line, column: "img_rank", object: object, "img_rank \(rank) occurs twice in the object; EcoTaxa renumbers it",
                "Number the images of an object 0, 1, 2 …; or, if these are two objects, give them names of their own.")
        }
    }

    private mutating func checkPosition(_ latitude: String, _ longitude: String, object: String, line: Int) {
        for (text, role, column, limit) in [(latitude, EcoTaxaColumn.Role.latitude, "object_lat", 90.0), (longitude, .longitude, "object_lon", 180)] {
            guard positions[role] != nil else { continue }
            if text.isEmpty || text.lowercased() == "nan" || text.lowercased() == "na" {
                note(
                    .warning, "no position", row: line, column: column, object: object, "\(column) is empty",
                    "Give the latitude and longitude of its image in decimal degrees, from EXIF, the file name or by hand.")
            } else if let degrees = EcoTaxaValue.degrees(text), abs(degrees) <= limit {
                continue
            } else {
                note(
                    .error, "position", row: line, column: column, object: object, "“\(text.shortened())” is not a number of degrees from -\(Int(limit)) to \(Int(limit))",
                    "Write decimal degrees with a point, south and west negative.")
            }
        }
    }

    private mutating func checkAnnotation(_ status: String, _ category: String, _ id: String, object: String, line: Int) {
        let named = positions[.category] != nil ? category : id
        if !status.isEmpty, named.isEmpty {
            note(
                .error, "status without category", row: line, column: "object_annotation_status", object: object, "the object has a status but no category", "Give it a category or empty the status.")
        }
        if !named.isEmpty, status.isEmpty {
            note(
                .error, "category without status", row: line, column: "object_annotation_status", object: object, "the object has a category but no status", "Write predicted, validated or dubious.")
        }
        if !category.isEmpty, id.isEmpty {
            note(
                .warning, "category by name", row: line, column: "object_annotation_category", object: object,
                "the category “\(category.shortened())” is given by name only; when EcoTaxa does not know it, the import stops and asks",
                "Give EcoTaxa's number of the category in object_annotation_category_id too.")
        }
    }

    private mutating func checkParents(_ cells: [String], sample: String, acquisition: String, object: String, line: Int) {
        if !sample.isEmpty, !acquisition.isEmpty {
            if let owner = sampleOfAcquisition[acquisition], owner != sample {
                note(
                    .error, "acquisition in two samples", row: line, column: "acq_id", object: object, "the acquisition “\(acquisition)” belongs to the sample “\(owner)” already",
                    "Give the acquisitions of each sample names of their own, such as \(sample)_\(acquisition).")
            } else {
                sampleOfAcquisition[acquisition] = sample
            }
        }
        for (level, columns) in levels {
            let values = columns.map { $0 < cells.count ? cells[$0].trimmingBlanks() : "" }
            let key = level == .sample ? "sample\t" + sample : level.rawValue + "\t" + sample + "\t" + acquisition
            guard let first = parents[key] else {
                parents[key] = (values, table, line)
                continue
            }
            guard first.values != values else { continue }
            let differing = zip(columns, zip(first.values, values)).first { $1.0 != $1.1 }
            let column = differing.map { headers[$0.0] } ?? level.rawValue + "_id"
            note(
                .warning, "\(level.words) with two values", row: line, column: column, object: object,
                "\(column) differs from row \(first.row) for the same \(level.words); EcoTaxa keeps the first",
                "Make the values equal, or give the second \(level.words) another name.")
        }
    }
}

extension EcoTaxaColumn.Level {
    fileprivate var words: String {
        switch self {
        case .object: "object"
        case .sample: "sample"
        case .acq: "acquisition"
        case .process: "process"
        }
    }
}

extension String {
    /// Without blanks and line ends at both ends; the string itself when there are none.
    func trimmingBlanks() -> String {
        let bytes = utf8
        guard let first = bytes.first, let last = bytes.last else { return self }
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
        guard isBlank(first) || isBlank(last) else { return self }
        guard let start = bytes.firstIndex(where: { !isBlank($0) }), let end = bytes.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(self[start...end])
    }

    fileprivate func shortened() -> String { count <= 60 ? self : prefix(57) + "…" }
}
