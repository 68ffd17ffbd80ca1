/// Sets of measures that are chosen together; the raw value is the word people type.
public enum MeasureGroup: String, Sendable, CaseIterable, Codable {
    case shape, gray, zooprocess, color, texture
}
