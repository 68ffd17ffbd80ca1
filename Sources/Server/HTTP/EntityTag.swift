import Foundation
import HTTPTypes

/// Entity tags (RFC 9110 8.8.3): quoted texts that change with the content.
enum EntityTag {
    /// Whether If-None-Match names this tag, by weak comparison.
    static func matches(_ etag: String, _ headers: HTTPFields) -> Bool { matches(etag, headers[values: .ifNoneMatch]) }

    /// The same for the values of all If-None-Match fields.
    static func matches(_ etag: String, _ fields: [String]) -> Bool {
        func strong(_ tag: String) -> String { tag.hasPrefix("W/") ? String(tag.dropFirst(2)) : tag }
        for field in fields {
            for tag in field.split(separator: ",") as [Substring] {
                let tag = tag.trimmingCharacters(in: .whitespaces)
                if tag == "*" || strong(tag) == strong(etag) { return true }
            }
        }
        return false
    }
}
