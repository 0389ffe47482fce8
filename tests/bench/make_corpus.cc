// Makes the seeded corpora of scripts/bench:
//   make_corpus FOLDER SCALE      SCALE 1 is full size, 20 is a twentieth
// png/ infotext, comfy/ graphs in two chunks, jpeg/ UserComment, webp/ Exif
// behind the image data, mix/ hard links to 6:1:2.5:0.5 of them. Files are named
// by image_id, image_id i being 10 000 000 + i, so that CSV rows match.
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

namespace {

using Random = std::mt19937_64;

std::size_t between(Random& random, std::size_t low, std::size_t high) {
  return low + random() % (high - low + 1);
}

std::string words(Random& random, std::size_t bytes) {
  static constexpr const char* kWords[] = {
      "lighthouse", "portrait", "dusk",   "oil painting", "masterpiece",
      "(soft light:1.2)", "river", "glass", "moss", "detailed", "fog",
      "lantern", "paper", "crane", "garden", "in the rain", "cobblestone"};
  std::string text;
  while (text.size() < bytes) {
    text += kWords[random() % std::size(kWords)];
    text += ", ";
  }
  return text;
}

std::string infotext(Random& random, std::size_t bytes) {
  return words(random, bytes / 2) + "<lora:seaside:0.8>\nNegative prompt: " +
         words(random, bytes / 3) +
         "\nSteps: 25, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, "
         "Seed: " + std::to_string(random() >> 32) +
         ", Size: 832x1216, Model hash: 67ab2fd8ec, Model: paperLantern_v2, "
         "Clip skip: 2, Lora hashes: \"seaside: 0123456789ab\", Version: v1.10.1";
}

std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string little_endian(std::uint32_t value) {
  return {static_cast<char>(value), static_cast<char>(value >> 8),
          static_cast<char>(value >> 16), static_cast<char>(value >> 24)};
}

std::string noise(Random& random, std::size_t bytes) {
  std::string data(bytes, '\0');
  for (std::size_t i = 0; i + 8 <= bytes; i += 8) {
    const std::uint64_t word = random();
    __builtin_memcpy(data.data() + i, &word, 8);
  }
  return data;
}

std::string chunk(const std::string& kind, const std::string& data) {
  const std::string body = kind + data;
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(body.data()),
                         static_cast<uInt>(body.size()));
  return big_endian(static_cast<std::uint32_t>(data.size())) + body +
         big_endian(static_cast<std::uint32_t>(crc));
}

std::string png(Random& random, const std::string& texts, std::size_t pixels) {
  using std::string_literals::operator""s;
  std::string file = "\x89PNG\r\n\x1a\n" +
                     chunk("IHDR", big_endian(832) + big_endian(1216) +
                                       "\x08\x02\0\0\0"s) +
                     texts;
  for (std::size_t done = 0; done < pixels; done += 65536)
    file += chunk("IDAT", noise(random, 65536));
  return file + chunk("IEND", "");
}

std::string text_chunk(const char* key, const std::string& text) {
  return chunk("tEXt", key + std::string(1, '\0') + text);
}

// An API graph: the default workflow, and string nodes that make it as large
// as people's graphs are.
std::string api_graph(Random& random, std::size_t bytes) {
  std::string json =
      R"({"3":{"inputs":{"seed":)" + std::to_string(random() >> 14) +
      R"(,"steps":20,"cfg":7.5,"sampler_name":"euler","scheduler":"normal",)"
      R"("denoise":1.0,"model":["10",0],"positive":["6",0],"negative":["7",0],)"
      R"("latent_image":["5",0]},"class_type":"KSampler","_meta":{"title":"KSampler"}},)"
      R"("4":{"inputs":{"ckpt_name":"paperLantern_v2.safetensors"},)"
      R"("class_type":"CheckpointLoaderSimple"},)"
      R"("10":{"inputs":{"lora_name":"seaside.safetensors","strength_model":0.8,)"
      R"("strength_clip":0.8,"model":["4",0],"clip":["4",1]},"class_type":"LoraLoader"},)"
      R"("5":{"inputs":{"width":832,"height":1216,"batch_size":1},"class_type":"EmptyLatentImage"},)"
      R"("6":{"inputs":{"text":"lighthouse, dusk","clip":["10",1]},"class_type":"CLIPTextEncode"},)"
      R"("7":{"inputs":{"text":"blurry","clip":["10",1]},"class_type":"CLIPTextEncode"},)"
      R"("8":{"inputs":{"samples":["3",0],"vae":["4",2]},"class_type":"VAEDecode"},)"
      R"("9":{"inputs":{"filename_prefix":"ComfyUI","images":["8",0]},"class_type":"SaveImage"})";
  for (int id = 20; json.size() < bytes; ++id) {
    json += ",\"" + std::to_string(id) +
            R"(":{"inputs":{"string":")" + words(random, 200) +
            R"(","delimiter":", ","x":)" + std::to_string(random() % 1000) +
            R"(,"y":0.25,"other":[")" + std::to_string(id - 1) +
            R"(",0]},"class_type":"StringHelper","_meta":{"title":"text"}})";
  }
  return json + "}";
}

std::string ui_graph(Random& random, std::size_t bytes) {
  std::string json = R"({"last_node_id":400,"last_link_id":900,"nodes":[)";
  for (int id = 1; json.size() < bytes; ++id) {
    if (id > 1) json += ',';
    json += R"({"id":)" + std::to_string(id) +
            R"(,"type":"StringHelper","pos":[)" + std::to_string(random() % 4000) +
            ".5," + std::to_string(random() % 4000) +
            R"(],"size":{"0":315,"1":262},"flags":{},"order":)" +
            std::to_string(id) +
            R"(,"mode":0,"inputs":[{"name":"string","type":"STRING","link":)" +
            std::to_string(id) + R"(}],"outputs":[],"properties":{},)"
            R"("widgets_values":[")" + words(random, 120) + R"("]})";
  }
  return json + R"(],"links":[],"groups":[],"config":{},"extra":{},"version":0.4})";
}

std::string tiff_with_comment(const std::string& text) {
  using std::string_literals::operator""s;
  std::string comment = "UNICODE\0"s;
  for (const char c : text) {
    comment += '\0';
    comment += c;
  }
  // IFD0 at 8 with one entry (the Exif IFD), the Exif IFD at 26 with one.
  return "MM\0*"s + big_endian(8) + "\0\x01"s + "\x87\x69\0\x04"s +
         big_endian(1) + big_endian(26) + big_endian(0) + "\0\x01"s +
         "\x92\x86\0\x07"s + big_endian(static_cast<std::uint32_t>(comment.size())) +
         big_endian(44) + big_endian(0) + comment;
}

std::string jpeg(Random& random, const std::string& text, std::size_t pixels) {
  using std::string_literals::operator""s;
  const std::string exif = "Exif\0\0"s + tiff_with_comment(text);
  const auto segment = [](char marker, const std::string& data) {
    const std::size_t length = data.size() + 2;
    return "\xff"s + marker + static_cast<char>(length >> 8) +
           static_cast<char>(length) + data;
  };
  std::string scan = noise(random, pixels);
  for (char& c : scan)
    if (c == '\xff') c = '\x7f';
  return "\xff\xd8"s + segment('\xe0', "JFIF\0\x01\x01\0\0\x01\0\x01\0\0"s) +
         segment('\xe1', exif) + segment('\xdb', "\0"s + std::string(64, 1)) +
         segment('\xc0', "\x08\x04\xc0\x03\x40\x01\x01\x11\0"s) +
         segment('\xda', "\x01\x01\0\0\x3f\0"s) + scan + "\xff\xd9";
}

std::string webp(Random& random, const std::string& text, std::size_t pixels) {
  using std::string_literals::operator""s;
  // A key frame that is shown, with a first partition of 1000 bytes.
  const std::string frame = "\x10\x7d\0\x9d\x01\x2a\x40\x03\xc0\x04"s + noise(random, pixels & ~std::size_t{1});
  std::string exif = tiff_with_comment(text);
  const auto riff = [](const std::string& kind, std::string data) {
    const std::string head = kind + little_endian(static_cast<std::uint32_t>(data.size()));
    if (data.size() % 2) data += '\0';
    return head + data;
  };
  const std::string body = "WEBP" + riff("VP8X", "\x08\0\0\0\x3f\x03\0\xbf\x04\0"s) +
                           riff("VP8 ", frame) + riff("EXIF", exif);
  return "RIFF" + little_endian(static_cast<std::uint32_t>(body.size())) + body;
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr ||
      std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size() ||
      std::fclose(file) != 0) {
    std::perror(path.c_str());
    std::exit(2);
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 3) {
    std::fprintf(stderr, "usage: make_corpus FOLDER SCALE\n");
    return 2;
  }
  const std::filesystem::path root = arguments[1];
  const std::size_t scale = std::max(1l, std::atol(arguments[2]));
  Random random(20240601);
  std::uint64_t next_id = 10'000'000;
  std::vector<std::vector<std::filesystem::path>> made;

  const auto make = [&](const char* folder, const char* extension,
                        std::size_t count, auto content) {
    std::filesystem::create_directories(root / folder);
    made.emplace_back();
    for (std::size_t i = 0; i < count / scale; ++i) {
      const auto path =
          root / folder / (std::to_string(next_id++) + extension);
      write(path, content());
      made.back().push_back(path);
    }
  };
  make("png", ".png", 20000, [&] {
    return png(random,
               text_chunk("parameters", infotext(random, between(random, 300, 2500))),
               3 * 65536);
  });
  make("comfy", ".png", 5000, [&] {
    return png(random,
               text_chunk("prompt", api_graph(random, between(random, 10000, 62000))) +
                   text_chunk("workflow", ui_graph(random, between(random, 10000, 62000))),
               between(random, 2, 4) * 50000);
  });
  make("jpeg", ".jpeg", 10000, [&] {
    return jpeg(random, infotext(random, between(random, 300, 2500)),
                between(random, 120000, 240000));
  });
  make("webp", ".webp", 500, [&] {
    return webp(random, infotext(random, between(random, 300, 2500)),
                between(random, 200000, 300000));
  });

  std::filesystem::create_directories(root / "mix");
  const std::size_t share[] = {6000, 1000, 2500, 500};
  for (std::size_t set = 0; set < made.size(); ++set)
    for (std::size_t i = 0; i < share[set] / scale; ++i)
      std::filesystem::create_hard_link(
          made[set][i], root / "mix" / made[set][i].filename());
  return 0;
}
