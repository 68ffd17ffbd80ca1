extension ImageFile {
    /// Endings of files worth trying; what they really are is told by their content.
    package static let endings: Set<String> = ["jpg", "jpeg", "jpe", "png", "tif", "tiff", "svs", "btf"]

    /// Whether a file is named like an image and not hidden.
    package static func isNamedAsImage(_ path: String) -> Bool {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard !name.hasPrefix("."), let dot = name.lastIndex(of: ".") else { return false }
        return endings.contains(name[name.index(after: dot)...].lowercased())
    }
}
