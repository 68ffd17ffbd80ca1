import Foundation

/// The Content-Disposition field (RFC 6266).
enum ContentDisposition {
    /// A download under a person's file name, which may hold anything: once reduced to ASCII, once encoded whole.
    static func attachment(_ name: String) -> String {
        let plain = String(String.UnicodeScalarView(name.unicodeScalars.map { (0x20...0x7E).contains($0.value) && !"\"\\%/".unicodeScalars.contains($0) ? $0 : "_" }))
        let unreserved = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        let encoded = name.addingPercentEncoding(withAllowedCharacters: unreserved) ?? "file"
        return "attachment; filename=\"\(plain.prefix(200))\"; filename*=UTF-8''\(encoded)"
    }
}
