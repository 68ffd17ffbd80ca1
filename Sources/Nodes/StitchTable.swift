import Codecs
import Foundation
import Operations
import Pipeline

/// Positions of frames as a file that people and programs read, correct and give back.
package enum StitchTable {
    static let columns = ["file", "x_px", "y_px", "state", "gain", "correlation", "residual_px", "pairs", "reason"]

    /// Best correlation, largest residual and number of the pairs that hold a frame.
    private static func summary(_ stitched: StitchedFrames, _ frame: Int) -> (correlation: Double?, residual: Double?, pairs: Int) {
        let own = stitched.links.filter { ($0.first == frame || $0.second == frame) && $0.verdict == .used }
        return (own.map(\.correlation).max(), own.compactMap(\.residual).max(), own.count)
    }

    /// One row a frame, tabs between, positions of top left pixels in the mosaic.
    package static func tsv(_ stitched: StitchedFrames) -> [UInt8] {
        var bytes: [UInt8] = []
        TSV.append(columns, to: &bytes)
        for (frame, about) in stitched.frames.enumerated() {
            let position = stitched.positions[frame]
            let (correlation, residual, pairs) = summary(stitched, frame)
            TSV.append(
                [
                    about.name, position.map { text($0.x, 3) } ?? "", position.map { text($0.y, 3) } ?? "", stitched.states[frame].rawValue, text(stitched.gains[frame], 5),
                    correlation.map { text($0, 3) } ?? "", residual.map { text($0, 3) } ?? "", "\(pairs)", stitched.reasons[frame] ?? "",
                ], to: &bytes)
        }
        return bytes
    }

    /// The same with all pairs, for programs.
    package static func json(_ stitched: StitchedFrames) -> JSONValue {
        func number(_ value: Double, _ digits: Int) -> JSONValue { .number(Double(text(value, digits)) ?? 0) }
        let bounds = stitched.bounds
        let frames = stitched.frames.indices.map { frame -> JSONValue in
            var entry: [String: JSONValue] = ["file": .string(stitched.frames[frame].name), "state": .string(stitched.states[frame].rawValue), "gain": number(stitched.gains[frame], 5)]
            if let position = stitched.positions[frame] { (entry["x_px"], entry["y_px"]) = (number(position.x, 3), number(position.y, 3)) }
            if let reason = stitched.reasons[frame] { entry["reason"] = .string(reason) }
            return .object(entry)
        }
        let links = stitched.links.map { link -> JSONValue in
            var entry: [String: JSONValue] = [
                "first": .string(stitched.frames[link.first].name), "second": .string(stitched.frames[link.second].name), "dx_px": number(link.displacement.x, 3),
                "dy_px": number(link.displacement.y, 3), "correlation": number(link.correlation, 4), "margin": number(link.margin, 3), "verdict": .string(link.verdict.rawValue),
            ]
            if let residual = link.residual { entry["residual_px"] = number(residual, 3) }
            return .object(entry)
        }
        var table: [String: JSONValue] = [
            "width_px": .number(Double(bounds.width)), "height_px": .number(Double(bounds.height)), "frames": .array(frames), "pairs": .array(links),
        ]
        if let arrangement = stitched.arrangement { table["arrangement"] = .string(arrangement) }
        if let support = stitched.support { table["neighbours"] = ["implied": .number(Double(support.implied)), "matched": .number(Double(support.matched))] }
        if !stitched.warnings.isEmpty { table["warnings"] = .array(stitched.warnings.map(JSONValue.string)) }
        return .object(table)
    }

    private static func text(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

    /// Positions by file name from a table: tabs, commas or semicolons between cells, a header with `file` (or `tile`, `name`), `x_px` and `y_px`
    /// (or `x`, `y`). A row without numbers stands for a frame that is left out.
    ///
    /// - Throws: `StitchError.table` with line and reason.
    package static func positions(_ bytes: [UInt8]) throws(StitchError) -> [String: Displacement?] {
        let lines = String(decoding: bytes.starts(with: TSV.byteOrderMark) ? bytes[3...] : bytes[...], as: UTF8.self).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard let header = lines.first(where: { !$0.allSatisfy(\.isWhitespace) }) else { throw .table(line: 1, reason: "it is empty; it needs the columns file, x_px and y_px") }
        let separator: Character = header.contains("\t") ? "\t" : header.contains(";") ? ";" : ","
        func cells(_ line: Substring) -> [String] {
            line.split(separator: separator, omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " \r\"")) }
        }
        let titles = cells(header).map { $0.lowercased() }
        func column(_ names: [String]) -> Int? { names.lazy.compactMap { titles.firstIndex(of: $0) }.first }
        guard let file = column(["file", "tile", "name", "filename"]), let x = column(["x_px", "x", "col", "true_col"]), let y = column(["y_px", "y", "row", "true_row"]) else {
            throw .table(line: 1, reason: "it needs the columns file, x_px and y_px, but has \(titles.joined(separator: ", "))")
        }
        var found: [String: Displacement?] = [:]
        var isFirst = true
        for (number, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
            if isFirst {
                isFirst = false
                continue
            }
            let row = cells(line)
            guard row.count > max(file, x, y) else { throw .table(line: number + 1, reason: "it has \(row.count) cells, the header \(titles.count)") }
            guard !row[x].isEmpty || !row[y].isEmpty else {
                found[row[file]] = .some(nil)
                continue
            }
            guard let px = Double(row[x]), let py = Double(row[y]), abs(px) < 1e8, abs(py) < 1e8 else {
                throw .table(line: number + 1, reason: "“\(row[x])” and “\(row[y])” are no position; write numbers of pixels, or nothing for a frame to leave out")
            }
            guard found[row[file]] == nil else { throw .table(line: number + 1, reason: "\(row[file]) comes twice") }
            found[row[file]] = Displacement(x: px, y: py)
        }
        return found
    }
}
