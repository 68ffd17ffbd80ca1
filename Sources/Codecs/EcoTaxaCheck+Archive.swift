import Glibc

extension EcoTaxaCheck {
    /// Checks a whole ZIP archive as EcoTaxa would import it.
    ///
    /// - Throws: what `ZipReader` throws when the file is no sound archive.
    package static func archive(path: String, limits: ZipReader.Limits = .init()) throws(ZipError) -> EcoTaxaCheck {
        let reader = try ZipReader(path: path, limits: limits)
        var check = EcoTaxaCheck()
        check.tables(names: reader.entries.filter { !$0.isFolder }.map(\.name)) { name in
            reader.entry(named: name).flatMap { try? reader.read($0) }
        }
        return check
    }

    /// Checks a folder that would be imported. Links are not followed.
    package static func folder(path: String) -> EcoTaxaCheck {
        var check = EcoTaxaCheck()
        check.tables(names: files(below: path, "")) { name in
            guard let source = MetadataSource(path: path + "/" + name) else { return nil }
            return source.read(at: 0, count: source.count)
        }
        return check
    }

    /// Whether EcoTaxa takes a file for a table, by its name.
    package static func isTable(_ path: String) -> Bool {
        let name = path.split(separator: "/").last ?? ""
        return name.hasPrefix("ecotaxa") && (name.hasSuffix(".tsv") || name.hasSuffix(".txt"))
    }

    private mutating func tables(names: [String], bytes: (String) -> [UInt8]?) {
        let known = Set(names)
        let tables = names.filter(Self.isTable).sorted()
        if tables.isEmpty {
            add(
                EcoTaxaFinding(
                    .error, message: "there is no table ecotaxa….tsv or ecotaxa….txt (in lower case)",
                    remedy: "Name the table ecotaxa_ and something, ending in .tsv."))
            return
        }
        if tables.count > 2000 {
            add(EcoTaxaFinding(.error, message: "there are \(tables.count) tables, more than 2,000", remedy: "Split the archive."))
        }
        for table in tables {
            guard let content = bytes(table) else {
                add(EcoTaxaFinding(.error, table: table, message: "the table cannot be read", remedy: "Pack or copy it again."))
                continue
            }
            check(table: table, content: content) { path in
                guard let name = Self.normal(path), known.contains(name) else {
                    return ("is not there", "Add the file, or correct its name: capital letters count.")
                }
                guard let image = bytes(name) else { return ("cannot be read", "Pack or copy it again.") }
                return EcoTaxaImage.fault(image)
            }
        }
        end()
    }

    /// Checks one table given as bytes.
    package mutating func check(table name: String, content: [UInt8], image: ImageCheck) {
        let table = TSV(bytes: content, latin1WithoutMark: true)
        if table.encoding == .latin1 {
            add(
                EcoTaxaFinding(
                    .warning, table: name, message: "letters beyond ASCII without a byte order mark; EcoTaxa reads the table as Latin-1",
                    remedy: "Save it as “UTF-8 with BOM”."))
        } else if table.encoding == .utf8WithBOM, String(validating: content, as: UTF8.self) == nil {
            add(EcoTaxaFinding(.error, table: name, message: "the table is not UTF-8 although it says so", remedy: "Save it as “UTF-8 with BOM”."))
        }
        if let line = table.unclosedQuote {
            add(
                EcoTaxaFinding(
                    .error, table: name, row: line, message: "a cell begins with a quotation mark that is never closed; it swallows all rows that follow",
                    remedy: "Close it, or double it inside a quoted cell."))
        }
        guard let head = table.rows.first else { return }
        begin(table: name, headers: head.cells, types: table.rows.count > 1 ? table.rows[1].cells : [])
        for row in table.rows.dropFirst(2) { self.row(line: row.line, cells: row.cells, image: image) }
    }

    /// Path without `.` and `..`; nil when it leads out of the archive.
    private static func normal(_ path: String) -> String? {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part != ".." { parts.append(part) } else if parts.popLast() == nil { return nil }
        }
        return parts.joined(separator: "/")
    }

    private static func files(below root: String, _ folder: String) -> [String] {
        guard let stream = opendir(root + "/" + folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            guard name != ".", name != ".." else { continue }
            let path = folder.isEmpty ? name : folder + "/" + name
            var status = stat()
            guard lstat(root + "/" + path, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                // Deeper nesting than this is a loop of mounts or a joke.
                if path.count(where: { $0 == "/" }) < 64 { names += files(below: root, path) }
            } else if status.st_mode & S_IFMT == S_IFREG {
                names.append(path)
            }
        }
        return names.sorted()
    }
}
