import Codecs
import Foundation
import Testing

private let onePixel: [UInt8] = Array(Data(base64Encoded: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==")!)

private typealias Cells = [(column: String, value: EcoTaxaTable.Value)]

private func row(_ number: Int, _ change: (inout [String: EcoTaxaTable.Value?]) -> Void = { _ in }) -> Cells {
    let standard: Cells = [
        ("img_file_name", .text("o\(number).png")), ("img_rank", .number(0)), ("object_id", .text("st3_f1_\(number)")), ("object_lat", .number(54.1751)),
        ("object_lon", .number(-7.9)), ("object_date", .text("20260412")), ("object_time", .text("070809")), ("object_area", .number(Double(number) * 10.5)),
        ("object_area_um2", .number(Double(number))), ("object_note", .text("n")), ("acq_id", .text("a1")), ("acq_magnification", .text("1.25")),
        ("process_id", .text("p1")), ("sample_id", .text("Ostsee_ä")), ("sample_ship", .text("Heincke")),
    ]
    var changes: [String: EcoTaxaTable.Value?] = [:]
    change(&changes)
    var cells: Cells = []
    for (column, value) in standard {
        if let changed = changes.removeValue(forKey: column) {
            if let changed { cells.append((column, changed)) }
        } else {
            cells.append((column, value))
        }
    }
    for (column, value) in changes.sorted(by: { $0.key < $1.key }) { if let value { cells.append((column, value)) } }
    return cells
}

private func table(_ rows: Int = 3, _ change: (Int, inout [String: EcoTaxaTable.Value?]) -> Void = { _, _ in }) -> EcoTaxaTable {
    var table = EcoTaxaTable()
    for number in 1...rows { table.append(row(number) { change(number, &$0) }) }
    return table
}

/// Verdict of the strict judge on an archive written from the table; nil where Python or the judge are absent.
private func judged(_ table: EcoTaxaTable, lenient: Bool = false) throws -> String? {
    guard let shared = SharedData.folder else { return nil }
    let judge = shared + "/../checks/ecotaxa_validate.py"
    guard FileManager.default.fileExists(atPath: judge) else { return nil }
    let path = FileManager.default.temporaryDirectory.appending(path: "ship-ecotaxa-\(UUID().uuidString).zip").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try EcoTaxaArchive.write(table, name: "test", to: path, image: { _ in onePixel })
    let own = try EcoTaxaCheck.archive(path: path)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", judge] + (lenient ? ["--lenient"] : []) + [path]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus != 127, !String(decoding: data, as: UTF8.self).contains("No module named") else {
        print("SKIPPED: strict judge of EcoTaxa archives, python3 with Pillow is not there")
        return nil
    }
    let verdict = String(decoding: data, as: UTF8.self)
    // Both judges agree on refusal.
    #expect(own.isRefused == verdict.contains("\n   E "), "\(own.findings) \(verdict)")
    return verdict
}

struct EcoTaxaTableTests {
    @Test func `a table has mark, headers, types and rows in a fixed order`() {
        let files = table(2).encode(name: "My export")
        #expect(files.count == 1)
        let text = String(decoding: files[0].bytes.dropFirst(3), as: UTF8.self)
        #expect(files[0].bytes.starts(with: TSV.byteOrderMark))
        #expect(
            text == """
                img_file_name\timg_rank\tobject_id\tobject_lat\tobject_lon\tobject_date\tobject_time\tobject_area\tobject_area_um2\tobject_note\tacq_id\tacq_magnification\tprocess_id\tsample_id\tsample_ship
                [t]\t[f]\t[t]\t[f]\t[f]\t[t]\t[t]\t[f]\t[f]\t[t]\t[t]\t[t]\t[t]\t[t]\t[t]
                o1.png\t0\tst3_f1_1\t54.1751\t-7.9\t20260412\t070809\t10.5\t1\tn\ta1\t1.25\tp1\tOstsee_ä\tHeincke
                o2.png\t0\tst3_f1_2\t54.1751\t-7.9\t20260412\t070809\t21\t2\tn\ta1\t1.25\tp1\tOstsee_ä\tHeincke

                """)
        #expect(files[0].name.hasPrefix("ecotaxa_my_export_") && files[0].name.hasSuffix(".tsv"))
    }

    @Test func `a changed table gets another name`() {
        #expect(table(2).encode(name: "x")[0].name == table(2).encode(name: "x")[0].name)
        #expect(table(2).encode(name: "x")[0].name != table(3).encode(name: "x")[0].name)
    }

    @Test func `a sound table has no findings and the strict judge none either`() throws {
        #expect(table(40).check().isEmpty)
        if let verdict = try judged(table(40)) { #expect(verdict.hasPrefix("ACCEPTED") && !verdict.contains("W ")) }
    }

    @Test func `cells that need quotes pass the strict judge`() throws {
        let odd = table(4) { number, row in
            row["object_note"] = .text(["\"open", "tab\there", "line\nbreak", "5\" net"][number - 1])
        }
        #expect(odd.check().isEmpty)
        if let verdict = try judged(odd) { #expect(verdict.hasPrefix("ACCEPTED") && verdict.contains("rows=4 objects=4"), "\(verdict)") }
    }

    @Test func `a number unknown for all objects is left out`() throws {
        let without = table(3) { _, row in row["object_area_um2"] = .number(nil) }
        #expect(without.check().isEmpty)
        let files = without.encode(name: "x")
        #expect(files.count == 1 && !String(decoding: files[0].bytes, as: UTF8.self).contains("area_um2"))
        if let verdict = try judged(without) { #expect(verdict.hasPrefix("ACCEPTED")) }
    }

    @Test(arguments: [Double?.none, .nan, .infinity, -.infinity])
    func `objects that lack a number go into a table without it`(unknown: Double?) throws {
        let mixed = table(5) { number, row in if number == 2 || number == 4 { row["object_area_um2"] = .number(unknown) } }
        let findings = mixed.check()
        #expect(findings.count == 1 && findings[0].severity == .warning && findings[0].column == "object_area_um2" && findings[0].object == "st3_f1_2")
        #expect(findings[0].remedy.contains("pixel size"))
        let files = mixed.encode(name: "x")
        #expect(files.map { String(decoding: $0.bytes, as: UTF8.self).contains("object_area_um2") } == [true, false])
        #expect(files.map { TSV(bytes: $0.bytes).rows.count } == [5, 4])
        if let verdict = try judged(mixed) { #expect(verdict.hasPrefix("ACCEPTED") && verdict.contains("rows=5 objects=5"), "\(verdict)") }
    }

    @Test func `numbers missing in too many ways are dropped rather than scattered over hundreds of tables`() throws {
        var table = EcoTaxaTable()
        for number in 0..<1024 {
            var cells = row(number)
            for bit in 0..<10 { cells.append(("object_m\(bit)", .number(number >> bit & 1 == 1 ? nil : 1))) }
            table.append(cells)
        }
        let files = table.encode(name: "x")
        #expect(files.count <= 200)
        #expect(files.reduce(0) { $0 + TSV(bytes: $1.bytes).rows.count - 2 } == 1024)
        #expect(table.check().contains { $0.message.contains("left out of the archive") })
        if let verdict = try judged(table) { #expect(verdict.hasPrefix("ACCEPTED")) }
    }

    @Test func `columns that come later are blank in the rows before`() {
        var table = table(2)
        table.append(row(3) { $0["sample_gear"] = .text("WP2") })
        let rows = TSV(bytes: table.encode(name: "x")[0].bytes).rows
        #expect(rows.map { $0.cells.last } == ["sample_gear", "[t]", "", "", "WP2"])
    }

    @Test func `a column that holds text and numbers is text`() {
        let mixed = table(3) { number, row in row["object_mixed"] = number == 2 ? .text("many") : .number(7) }
        let rows = TSV(bytes: mixed.encode(name: "x")[0].bytes).rows
        let column = rows[0].cells.firstIndex(of: "object_mixed")!
        #expect(rows.map { $0.cells[column] } == ["object_mixed", "[t]", "7", "many", "7"])
    }

    @Test func `a table without objects says so`() {
        let findings = EcoTaxaTable().check()
        #expect(findings.count == 1 && findings[0].severity == .error && findings[0].message.contains("no object"))
    }

    @Test func `column names are made fit`() {
        #expect(EcoTaxaColumn.name(of: "Net  Type", level: .sample) == "sample_net_type")
        #expect(EcoTaxaColumn.name(of: "object_lat", level: .acq) == "object_lat")
        #expect(EcoTaxaColumn.name(of: "sample_ship", level: .acq) == "sample_ship")
        #expect(EcoTaxaColumn.name(of: "Sample_", level: .object) == "object_sample_")
        #expect(EcoTaxaColumn.name(of: "perim.", level: .object) == "object_perim.")
    }
}

struct EcoTaxaCheckTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var column: String
        var value: EcoTaxaTable.Value?
        var severity: EcoTaxaFinding.Severity
        var message: String
        var testDescription: String { message }
    }

    /// One change to one row and what must be found there, by us and by the strict judge.
    static let cases: [Case] = [
        Case(column: "object_lat", value: .number(90.5), severity: .error, message: "degrees from -90 to 90"),
        Case(column: "object_lon", value: .number(-181), severity: .error, message: "degrees from -180 to 180"),
        Case(column: "object_lat", value: .text("45,5"), severity: .error, message: "is not a number of degrees"),
        Case(column: "object_lat", value: .text("45.30N"), severity: .error, message: "is not a number of degrees"),
        Case(column: "object_lat", value: .number(nil), severity: .warning, message: "object_lat is empty"),
        Case(column: "object_date", value: .text("2026/04/12"), severity: .error, message: "not a day"),
        Case(column: "object_date", value: .text("20260431"), severity: .error, message: "not a day"),
        Case(column: "object_time", value: .text("90239"), severity: .error, message: "not a time"),
        Case(column: "object_time", value: .text("9:02:39"), severity: .error, message: "not a time"),
        Case(column: "object_time", value: .text("09:02"), severity: .error, message: "not a time"),
        Case(column: "object_id", value: .text(""), severity: .error, message: "object_id is empty"),
        Case(column: "object_annotation_status", value: .text("validated"), severity: .error, message: "status but no category"),
        Case(column: "object_annotation_category_id", value: .number(12), severity: .error, message: "category but no status"),
        Case(column: "acq_magnification", value: .text("2.5"), severity: .warning, message: "acq_magnification differs from row 3"),
        Case(column: "sample_id", value: .text("another"), severity: .error, message: "belongs to the sample"),
        Case(column: "img_rank", value: .number(0.5), severity: .warning, message: "not a whole number from 0"),
        Case(column: "badcolumn", value: .number(1), severity: .error, message: "not of the form table_field"),
        Case(column: "fre_area", value: .number(1), severity: .error, message: "belongs to no table"),
    ]

    @Test(arguments: cases)
    func `a fault is found with row, column and remedy, and the judge finds it too`(fault: Case) throws {
        let bad = table(3) { number, row in if number == 2 || !fault.column.contains("_") || fault.column == "fre_area" { row[fault.column] = fault.value } }
        let findings = bad.check()
        let found = findings.filter { $0.severity == fault.severity && $0.message.contains(fault.message) }
        #expect(!found.isEmpty, "\(findings)")
        #expect(found.allSatisfy { $0.row != nil && $0.column != nil && !$0.remedy.isEmpty })
        if let verdict = try judged(bad) { #expect(verdict.hasPrefix("REJECTED"), "\(verdict)") }
    }

    @Test(arguments: [
        ("object_note", EcoTaxaTable.Value.text(String(repeating: "x", count: 251)), "more than 250"), ("img_rank", .number(40_000), "more than 32,767"),
        ("object_id", .text(String(repeating: "x", count: 256)), "more than 255"), ("img_file_name", .text("a/../b.png"), "leads out of the archive"),
        ("img_file_name", .text("o.tif"), "is not PNG, JPEG or GIF"), ("object_lat", .text("45°30 "), "not a number of degrees"),
    ])
    func `what passes EcoTaxa's own check and breaks later is found`(column: String, value: EcoTaxaTable.Value, message: String) {
        let findings = table(3) { number, row in if number == 2 { row[column] = value } }.check()
        #expect(findings.contains { $0.severity == .error && $0.row == 4 && $0.column == column && $0.message.contains(message) }, "\(findings)")
    }

    @Test func `images of more than 32,767 pixels a side are found`() {
        var bad = table(2)
        bad.append(row(3), imageWidth: 32_768, imageHeight: 10)
        #expect(bad.check().contains { $0.row == 5 && $0.message.contains("32767 pixels a side") })
    }

    @Test func `two objects of one name or one image are found`() {
        let sameImage = table(3) { number, row in if number == 3 { row["img_file_name"] = .text("o1.png") } }
        #expect(sameImage.check().contains { $0.severity == .error && $0.message.contains("used by an object before") })
        let sameName = table(3) { number, row in if number == 3 { row["object_id"] = .text("st3_f1_1") } }
        #expect(sameName.check().contains { $0.row == 5 && $0.message.contains("occurs twice") })
    }

    @Test(arguments: [("object_f%d", true, 500), ("object_t%d", false, 20), ("sample_t%d", false, 60), ("acq_t%d", false, 30), ("process_t%d", false, 30)])
    func `columns beyond EcoTaxa's limits are found`(form: String, numeric: Bool, limit: Int) {
        for count in [limit, limit + 1] {
            var table = EcoTaxaTable()
            var cells: Cells = [
                ("img_file_name", .text("o.png")), ("object_id", .text("o")), ("object_lat", .number(1)), ("object_lon", .number(1)), ("acq_id", .text("a")),
                ("sample_id", .text("s")), ("process_id", .text("p")),
            ]
            for index in 0..<count { cells.append((form.replacing("%d", with: "\(index)"), numeric ? .number(1) : .text("t"))) }
            table.append(cells)
            #expect(table.check().filter { $0.message.contains("beyond the \(limit)") }.count == count - limit)
        }
    }

    @Test func `a fault in every row is listed twenty times and then counted`() {
        let findings = table(100) { _, row in row["object_lat"] = .number(nil) }.check()
        #expect(findings.filter { $0.message == "object_lat is empty" }.count == 20)
        #expect(findings.contains { $0.message.hasPrefix("80 more rows") })
    }

    @Test func `forms of dates, times and degrees are those of the importer`() {
        for good in ["20260412", "2026-04-12", "20240229"] { #expect(EcoTaxaValue.isDate(good), "\(good)") }
        for bad in ["", "2026/04/12", "20230229", "2026-4-12", "2026041", "202604121", "12042026x"] { #expect(!EcoTaxaValue.isDate(bad), "\(bad)") }
        for good in ["0708", "070809", "07:08:09", "07:08:09.123", "708", "8", "235959"] { #expect(EcoTaxaValue.isTime(good), "\(good)") }
        for bad in ["90239", "9:02:39", "09:02", "2400", "0760", "070860", "noon!!!!"] { #expect(!EcoTaxaValue.isTime(bad), "\(bad)") }
        #expect(EcoTaxaValue.degrees("-45°30 36") == -45.51)
        #expect(EcoTaxaValue.degrees("1e1") == 10 && EcoTaxaValue.degrees("inf") == nil && EcoTaxaValue.degrees("0x10") == nil)
    }

    @Test func `numbers are written in the fewest digits that read back`() {
        for number in [0.1, 1.0 / 3, 1e-7, 123_456_789.125, 5e300, -2, 0, 1e15] { #expect(Double(EcoTaxaValue.text(number)) == number) }
        #expect(EcoTaxaValue.text(12) == "12" && EcoTaxaValue.text(0.1) == "0.1")
    }

    @Test(.enabled(if: SharedData.folder != nil, "needs ../shared/data")) func `the verdicts of EcoTaxa's own importer are ours`() throws {
        let oracle = try #require(SharedData.text("oracle/ecotaxa_import.csv"))
        var compared = 0
        for line in oracle.split(separator: "\n").dropFirst() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            guard cells.count > 4, ["ACCEPTED", "REJECTED"].contains(cells[1]) else { continue }
            let name = String(cells[0])
            let path = ["ecotaxa-import/", "ecotaxa-import/import_issues/", ""].map { SharedData.path($0 + name) }.first { FileManager.default.fileExists(atPath: $0) }
            guard let path else { continue }
            let check = name.hasSuffix(".zip") ? try EcoTaxaCheck.archive(path: path) : EcoTaxaCheck.folder(path: path)
            #expect(check.isRefused == (cells[1] == "REJECTED"), "\(name): \(check.findings)")
            if cells[1] == "ACCEPTED" {
                #expect(check.rowCount == Int(cells[2]) && check.objectCount == Int(cells[3]) && check.imageCount == Int(cells[4]), "\(name)")
            }
            compared += 1
        }
        #expect(compared == 10)
    }

    @Test(.enabled(if: SharedData.folder != nil, "needs ../shared/data")) func `every fault of EcoTaxa's bad bundle is found at its place`() {
        let check = EcoTaxaCheck.folder(path: SharedData.path("ecotaxa-import/import_issues/tsv_issues"))
        let errors = check.findings.filter { $0.severity == .error }.map { "\($0.row ?? 0) \($0.column ?? "")" }
        #expect(
            Set(errors) == [
                "1 nounderscorecol", "1 unknown_target", "2 object_wrongtype", "3 object_buggy_float", "3 object_lat", "3 object_lon", "3 object_date", "3 object_time",
                "3 object_annotation_status", "5 object_annotation_date", "5 object_annotation_time", "6 img_file_name", "7 img_file_name", "8 object_id", "8 img_file_name",
            ])
    }

    @Test(.enabled(if: SharedData.folder != nil, "needs ../shared/data")) func `EcoTaxa's own export is read without a finding`() {
        let check = EcoTaxaCheck.folder(path: SharedData.path("ecotaxa-export-zooscan"))
        #expect(check.findings.isEmpty, "\(check.findings)")
        #expect(check.objectCount == 140)
    }

    @Test func `tables read by the wrong alphabet and unclosed quotes are found`() {
        var check = EcoTaxaCheck()
        check.check(table: "ecotaxa_x.tsv", content: Array("img_file_name\tobject_id\n[t]\t[t]\na.png\té\n".utf8)) { _ in nil }
        #expect(check.findings.contains { $0.message.contains("Latin-1") })
        check = EcoTaxaCheck()
        check.check(table: "ecotaxa_x.tsv", content: Array("img_file_name\tobject_id\n[t]\t[t]\na.png\t\"x\nb.png\ty\n".utf8)) { _ in nil }
        #expect(check.findings.contains { $0.severity == .error && $0.row == 3 && $0.message.contains("never closed") })
    }

    @Test func `images are told apart by content`() {
        #expect(EcoTaxaImage.fault(onePixel) == nil)
        #expect(EcoTaxaImage.fault(Array(onePixel.dropLast(4)))?.message == "is damaged or cut off")
        #expect(EcoTaxaImage.fault([0x49, 0x49, 0x2a, 0, 8, 0])?.message.contains("TIFF") == true)
        #expect(EcoTaxaImage.fault(Array("plain text".utf8))?.message.contains("no image") == true)
        #expect(EcoTaxaImage.fault([])?.message.contains("no image") == true)
    }
}
