/// Which names of archive entries are safe to read as paths below a folder on any system.
enum ZipEntryName {
    /// Why the name is refused; nil when it is safe. A `/` at the end (a folder) is fine.
    static func fault(_ name: [UInt8]) -> String? {
        guard !name.isEmpty else { return "its name is empty" }
        guard name.count <= 1024 else { return "its name is longer than 1,024 bytes" }
        if name.contains(where: { $0 < 0x20 || $0 == 0x7f }) { return "its name holds control characters" }
        if name.contains(UInt8(ascii: "\\")) { return "its name holds a backslash" }
        if name[0] == UInt8(ascii: "/") { return "its name is an absolute path" }
        if name.count > 1, name[1] == UInt8(ascii: ":") { return "its name begins with a drive letter" }
        for part in name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropLast(name.last == UInt8(ascii: "/") ? 1 : 0) {
            if part.elementsEqual("..".utf8) { return "its name leads out of the archive (“..”)" }
            if part.isEmpty || part.elementsEqual(".".utf8) { return "its name has an empty part" }
        }
        return nil
    }
}
