import Foundation

/// Names of files and folders that `ship` makes: `[a-z0-9_-]`, so that they mean the same on every file system.
package enum OnDiskName {
    /// Longest name; leaves room for extensions and `.part` within the 255 of every file system.
    package static let longest = 64

    /// Whether a file or folder may get this name: `[a-z0-9_-]`, then optional extensions `.[a-z0-9]…`.
    package static func isAllowed(_ name: String) -> Bool {
        guard name.utf8.count <= 3 * longest, !isReserved(name) else { return false }
        var part = 0
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"): part += 1
            case UInt8(ascii: ".") where part > 0: part = 0
            default: return false
            }
        }
        return part > 0
    }

    /// Whether a project, user or node may get this name: `[a-z0-9_-]` only.
    package static func isAllowedFolder(_ name: String) -> Bool {
        isAllowed(name) && !name.contains(".") && name.utf8.count <= longest
    }

    /// Name made from a title in any script: letters without accents, the rest as "-". Never empty.
    package static func make(from title: String, otherwise fallback: String = "project") -> String {
        var name = ""
        for scalar in title.decomposedStringWithCompatibilityMapping.lowercased().unicodeScalars {
            switch scalar {
            case "a"..."z", "0"..."9", "_": name.unicodeScalars.append(scalar)
            case _ where scalar.properties.canonicalCombiningClass != .notReordered: break
            case "ß": name += "ss"
            case "æ": name += "ae"
            case "œ": name += "oe"
            case "ø": name += "o"
            case "đ": name += "d"
            case "ł": name += "l"
            default: if !name.isEmpty, !name.hasSuffix("-") { name += "-" }
            }
            if name.utf8.count >= longest - 4 { break }
        }
        while name.hasSuffix("-") { name.removeLast() }
        if name.isEmpty { name = fallback }
        return isReserved(name) ? name + "-1" : name
    }

    /// The first of name, name-2, name-3 … that is not taken.
    package static func unique(_ name: String, isTaken: (String) -> Bool) -> String {
        if !isTaken(name) { return name }
        var number = 2
        while isTaken("\(name)-\(number)") { number += 1 }
        return "\(name)-\(number)"
    }

    /// Device names of Windows, with or without an extension.
    private static func isReserved(_ name: String) -> Bool {
        // Asked for every object of an export; a regular expression takes sixty times as long.
        let stem = name.utf8.prefix { $0 != UInt8(ascii: ".") }
        switch stem.count {
        case 3: return ["con", "prn", "aux", "nul"].contains { stem.elementsEqual($0.utf8) }
        case 4:
            guard let last = stem.last, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(last) else { return false }
            return ["com", "lpt"].contains { stem.dropLast().elementsEqual($0.utf8) }
        default: return false
        }
    }
}
