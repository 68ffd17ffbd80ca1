import Foundation
import Store

/// Which files hold the outlines or masks of an image, by their names.
package struct OutlineNames: Sendable {
    /// Names with `{stem}`, relative to the image's folder, first choice first; nil: the usual ones.
    private let patterns: [String]?

    package static let pictureEndings = ["png", "tif", "tiff"]
    package static let textEndings = ["geojson", "json"]

    /// What people and programs append to a picture's name.
    private static let usual = [
        "{stem}_mask", "{stem}_masks", "{stem}_label", "{stem}_labels", "{stem}_cp_masks", "{stem}_seg", "{stem}-mask", "{stem}-masks", "{stem}-labels", "{stem}.mask",
        "{stem}.labels", "mask_{stem}", "masks/{stem}", "labels/{stem}", "../masks/{stem}", "../labels/{stem}", "../mask/{stem}", "../masks/{stem}_mask",
        "../masks/{stem}_labels", "../labels/{stem}_labels",
    ]

    private static let usualTexts = [
        "{stem}.geojson", "{name}.geojson", "{stem}.json", "{name}.json", "../masks/{stem}.geojson", "annotations/{stem}.geojson", "../annotations/{stem}.geojson",
    ]

    /// - Parameter text: names separated by `|`, for example `{stem}_mask.png | masks/{stem}.tif`; empty: the usual names.
    package init(_ text: String = "") {
        let parts = text.split(separator: "|").map { String($0).trimmingSpaces }.filter { !$0.isEmpty }
        patterns = parts.isEmpty ? nil : parts
    }

    /// Whether a picture of this name can be a mask of some image at all; quick.
    package func mayName(_ name: String) -> Bool {
        if patterns != nil { return true }
        let lower = name.lowercased()
        return ["mask", "label", "seg"].contains { lower.contains($0) }
    }

    /// Full names that outlines of this image may have, first choice first.
    package func candidates(for image: String) -> [String] {
        let slash = image.lastIndex(of: "/")
        let folder = slash.map { String(image[..<$0]) } ?? ""
        let file = slash.map { String(image[image.index(after: $0)...]) } ?? image
        let stem = file.lastIndex(of: ".").flatMap { $0 > file.startIndex ? String(file[..<$0]) : nil } ?? file
        func resolved(_ pattern: String) -> String? {
            let name = pattern.replacing("{stem}", with: stem).replacing("{name}", with: file)
            var parts = folder.split(separator: "/").map(String.init)
            for part in name.split(separator: "/") {
                if part == ".." {
                    guard parts.popLast() != nil else { return nil }
                } else if part != "." {
                    parts.append(String(part))
                }
            }
            return parts.joined(separator: "/")
        }
        var names: [String] = []
        if let patterns {
            for pattern in patterns {
                if let name = resolved(pattern) { names.append(name) }
                // One file for all images may lie above their folders.
                if !pattern.contains("{"), !folder.isEmpty { names.append(pattern) }
            }
        } else {
            var bases = Self.usual.compactMap(resolved)
            // plateImage2D and plateLabel2D.
            for (word, others) in [("image", ["label", "mask", "labels", "masks"]), ("img", ["mask", "label"])] {
                for other in others { if let swapped = Self.swapped(stem, word, other) { bases.append(folder.isEmpty ? swapped : "\(folder)/\(swapped)") } }
            }
            for base in bases { for ending in Self.pictureEndings { names.append("\(base).\(ending)") } }
            for pattern in Self.usualTexts {
                if let name = resolved(pattern) { names.append(name) }
            }
        }
        return names.filter { $0 != image }
    }

    /// `name_labels.tif` and, where objects overlap, `name_labels_2.tif` and so on, as far as they are there.
    package static func series(_ name: String, isThere: (String) -> Bool) -> [String] {
        guard isThere(name) else { return [] }
        guard let dot = name.lastIndex(of: ".") else { return [name] }
        var names = [name]
        while isThere("\(name[..<dot])_\(names.count + 1)\(name[dot...])") { names.append("\(name[..<dot])_\(names.count + 1)\(name[dot...])") }
        return names
    }

    /// The word replaced, written as it was: Image → Label, image → label, IMAGE → LABEL.
    private static func swapped(_ stem: String, _ word: String, _ other: String) -> String? {
        guard let range = stem.lowercased().range(of: word), stem.lowercased().utf8.count == stem.utf8.count else { return nil }
        let start = stem.utf8.index(stem.startIndex, offsetBy: stem.lowercased().utf8.distance(from: stem.lowercased().startIndex, to: range.lowerBound))
        let end = stem.utf8.index(start, offsetBy: word.utf8.count)
        let found = stem[start..<end]
        let written = found == found.uppercased() ? other.uppercased() : found.first?.isUppercase == true ? other.prefix(1).uppercased() + other.dropFirst() : other
        return stem[..<start] + written + stem[end...]
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        var text = self[...]
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
