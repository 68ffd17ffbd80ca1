import Codecs
import Foundation

/// What a file's EXIF data mean in the archive's fields.
package enum ImageMetadata {
    package static func fields(_ exif: EXIF) -> [String: String] {
        var fields: [String: String] = [:]
        if let date = exif.date, date.count >= 19 {
            // "2024-05-06T07:08:09"
            fields["object_date"] = String(date.prefix(10))
            fields["object_time"] = String(date.dropFirst(11).prefix(8))
        }
        if let latitude = exif.latitude, let longitude = exif.longitude {
            fields["object_lat"] = "\(latitude)"
            fields["object_lon"] = "\(longitude)"
        }
        let camera = [exif.make, exif.model].compactMap { $0?.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        if !camera.isEmpty {
            // Many makers repeat their name in the model's.
            let name = camera.count == 2 && camera[1].lowercased().hasPrefix(camera[0].lowercased()) ? camera[1] : camera.joined(separator: " ")
            fields["acq_instrument"] = name
        }
        if let exposure = exif.exposureTime { fields["object_exposure_s"] = "\(exposure)" }
        if let iso = exif.iso { fields["object_iso"] = "\(iso)" }
        return fields
    }
}
