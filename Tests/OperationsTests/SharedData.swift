import Codecs
import Foundation
import Raster
import Testing

/// Real pictures and tables of reference values beside the checkout; tests that need them are skipped, and say so, where they are absent.
enum SharedData {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("shared/data").path

    static let isPresent: Bool = {
        let present = FileManager.default.fileExists(atPath: folder + "/oracle/threshold.csv")
        if !present { FileHandle.standardError.write(Data("SKIPPED: no reference data in \(folder)\n".utf8)) }
        return present
    }()

    static func image(_ path: String) throws -> AnyImage { try ImageFile.decode(path: folder + "/" + path) }

    /// Rows of a comma-separated table as dictionaries by column name.
    static func table(_ path: String) throws -> [[String: String]] {
        let text = try String(contentsOfFile: folder + "/" + path, encoding: .utf8)
        let lines = text.split(whereSeparator: \.isNewline).map(fields)
        return lines.dropFirst().map { Dictionary(zip(lines[0], $0)) { first, _ in first } }
    }

    private static func fields(_ line: Substring) -> [String] {
        var (fields, quoted) = ([""], false)
        for character in line {
            switch character {
            case "\"": quoted.toggle()
            case "," where !quoted: fields.append("")
            default: fields[fields.count - 1].append(character)
            }
        }
        return fields
    }

    /// One case of `oracle/threshold.csv`: its gray image and the foreground by the oracle's own threshold.
    struct Case {
        let name: String
        let row: [String: String]
        let gray: Image<UInt8>
        let mask: Mask
    }

    static func cases(_ names: Set<String>? = nil) throws -> [Case] {
        try table("oracle/threshold.csv").compactMap { row in
            let name = row["name"]!
            // GIF is no format of ours.
            guard names?.contains(name) ?? true, !row["otsu_opencv"]!.isEmpty, !row["file"]!.hasSuffix(".gif") else { return nil }
            let gray = try image(row["file"]!).gray8()
            let level = UInt8(row["otsu_skimage"]!)!
            let mask = row["polarity"] == "dark" ? gray.mask(darkerThanOrEqual: level) : gray.mask(brighterThan: level)
            return Case(name: name, row: row, gray: gray, mask: mask)
        }
    }
}

/// Whether two numbers agree to a part of the larger, or absolutely below `tiny`.
func agree(_ a: Double, _ b: Double, relative: Double = 1e-6, tiny: Double = 1e-9) -> Bool {
    abs(a - b) <= max(tiny, relative * max(abs(a), abs(b)))
}
