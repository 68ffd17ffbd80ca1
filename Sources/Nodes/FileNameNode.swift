import Codecs
import Pipeline
import Store

/// Says what the parts of file names mean.
package struct FileNameNode: MetadataNode {
    package static let kind = "metadata.filename"
    package static let title = "File names"
    package static let help = "Takes station, date, depth and whatever else the names of the files say into the metadata of the images. What you entered by hand stays."
    package static let source = MetadataSource.pattern
    package static let parameters: [Parameter<Self>] = [
        .text(
            \.pattern, "pattern", label: "Pattern",
            help: "What the parts of a name mean, for example {cruise}_{station:d}_{date:%Y%m%d}_{frame:d}; {pixel_um:f} is the pixel size. With / it is compared with folders too.",
            fault: { text in
                if text.isEmpty { return nil }
                do throws(FileNamePatternError) { _ = try FileNamePattern(text) } catch { return "a pattern of names: \(error)" }
                return nil
            }),
        .text(
            \.only, "fields", label: "Only these fields", maxLength: 2000,
            help: "Names of the pattern, with commas, such as station, date. Empty: all of them. The others are matched and left out."),
    ]
    package var pattern = ""
    package var only = ""
    package init() {}

    package func metadata(of name: String, exif: () -> EXIF?) -> ImageSayings {
        // Checked when the graph was.
        guard !pattern.isEmpty, let known = try? FileNamePattern(pattern) else { return ImageSayings() }
        guard let found = known.match(name) else { return ImageSayings(isSilent: true) }
        let wanted = Set(only.split { $0 == "," || $0.isWhitespace }.map(String.init))
        var sayings = ImageSayings()
        for (token, value) in found where wanted.isEmpty || wanted.contains(token) {
            if FieldNames.pixelSizeTokens.contains(token) {
                if let size = Double(value), size > 0, size.isFinite { sayings.pixelSize = size }
            } else {
                sayings.fields[FieldNames.field(for: token)] = value
            }
        }
        return sayings
    }
}
