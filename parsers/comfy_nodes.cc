#include "parsers/comfy_nodes.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "parsers/name_index.h"

namespace sdmeta {
namespace {

using enum NodeRole;

constexpr NodeKind kTable[] = {
#include "parsers/comfy_nodes.inc"
};
constexpr NodeKind kNoRow;

// Packs that hold a copy of another's classes under names of their own.
struct Copy {
  std::string_view prefix;
  std::string_view original;
};
constexpr Copy kCopies[] = {{"WanAnimatePlus ", "WanVideo"}};

// What classes without names of their own call their inputs. `*` at the end of
// a name stands for a number or letter.
constexpr std::array<FieldNames, static_cast<std::size_t>(NodeField::kCount_)>
    kFields = {{
        {NodeField::kModel, "model",
         "model,base_model,model1,MODEL,unet,opt_model,model_opt,"
         "optional_model,transformer,model_a,model_1,flux_model,model_model,"
         "main_model,model_high_noise,high_model,base_high"},
        {NodeField::kClip, "clip",
         "clip,base_clip,CLIP,opt_clip,clip_opt,optional_clip,t5,clip1"},
        {NodeField::kVae, "vae", "vae,VAE,optional_vae,opt_vae,vae_opt"},
        {NodeField::kPositive, "positive",
         "positive,base_positive,CONDITIONING+,cond_pos,pos,positive_cond,"
         "positive_conditioning,cond_positive,conditioning_positive,cond1,"
         "Positive,POSITIVE,positive_cond_base,base_positive_cond,"
         "positive_base,CONDITIONING_model_pos"},
        {NodeField::kNegative, "negative",
         "negative,base_negative,CONDITIONING-,cond_neg,neg,negative_cond,"
         "negative_conditioning,cond_negative,conditioning_negative,"
         "neg_conditioning,uncond,Negative,NEGATIVE,negative_cond_base,"
         "base_negative_cond,negative_base,CONDITIONING_model_neg,"
         "nag_negative"},
        {NodeField::kConditioning, "conditioning",
         "conditioning_to,conditioning_from,conditioning*,cond_*,cond,"
         "text_embeds,prompt_embeds,clip_conditioning"},
        {NodeField::kText, "text",
         "populated_text,text,prompt,string,value,Text,String,caption,"
         "prompt_text,text_prompt,wildcard_text,prompt_schedule,text_g,text_l,"
         "t5xxl,"
         "clip_l,text1,text_1,text_a,string_a,string1,string_1,content,input,"
         "any,anything,source,STRING"},
        {NodeField::kPositiveText, "positivetext",
         "positive,positive_prompt,text_positive,prompt_positive,"
         "positive_text,pos_prompt,base_positive,positive_g"},
        {NodeField::kNegativeText, "negativetext",
         "negative,negative_prompt,text_negative,prompt_negative,"
         "negative_text,neg_prompt,n_prompt,base_negative,negative_g"},
        {NodeField::kImage, "image",
         "samples,latent_image,latent,latents,images,image,pixels,samples_to,"
         "destination,image1,image_1,images1,images_a,image_a,frames,"
         "input_image,base_image,opt_image,video,latent1,samples1,any,"
         "anything,IMAGE,LATENT,source,data"},
        {NodeField::kPipe, "pipe",
         "pipe,basic_pipe,base_ctx,context,ctx,sdxl_tuple,detailer_pipe,"
         "base_pipe,bus,pipe_in,FLOW,ctx_01,model_pipe,bundle,data"},
        {NodeField::kSeed, "seed",
         "seed,noise_seed,seed_value,seed_num,rand_seed,Seed"},
        {NodeField::kSteps, "steps",
         "steps,num_steps,num_inference_steps,sampling_steps,steps_total,"
         "total_steps,step_count"},
        {NodeField::kCfg, "cfg",
         "cfg,cfg_scale,guidance_scale,CFG,cfg_value,true_cfg,true_gs,"
         "cfg_conds,cfg_1,cfg1,cfg_high_noise,base_cfg,cfg_guidance"},
        {NodeField::kSampler, "sampler",
         "sampler_name,sampler,solver,sampler_type,SAMPLER"},
        {NodeField::kScheduler, "scheduler",
         "scheduler,scheduler_name,schedule,noise_schedule"},
        {NodeField::kDenoise, "denoise",
         "denoise,denoise_strength,denoising_strength"},
        {NodeField::kGuidance, "guidance",
         "guidance,flux_guidance,distilled_guidance"},
        {NodeField::kSettings, "settings",
         "sigmas,noise,guider,options,settings,high_sigmas,sigmas_1,sigmas1,"
         "sampler_settings,base_sampler,params,parameters,config,"
         "sampler_config,sampling_config,ksampler_config,sampling_settings,"
         "sampler_params,sampling_params,sampler_pipe"},
        {NodeField::kWidth, "width",
         "width,empty_latent_width,base_width,image_width,latent_width,"
         "size_width,Width,WIDTH,W"},
        {NodeField::kHeight, "height",
         "height,empty_latent_height,base_height,image_height,latent_height,"
         "size_height,Height,HEIGHT,H"},
        {NodeField::kSizeText, "size",
         "dimensions,resolution,preset,size,image_size,aspect_ratio,"
         "aspectRatio,ratio,ratio_selected"},
        {NodeField::kScale, "scale",
         "scale_by,upscale_by,scale,upscale_factor,scale_factor,rescale_factor,"
         "factor"},
        {NodeField::kClipSkip, "clipskip",
         "stop_at_clip_layer,clip_skip,base_clip_skip"},
        {NodeField::kModelName, "name",
         "ckpt_name,unet_name,base_ckpt_name,model_name,checkpoint,ckpt,"
         "model_path,gguf_name,diffusion_model,diffusion_model_name,"
         "diffusion_models,unet,"
         "model_file,checkpoint_name,dit_name,base_model,model"},
        {NodeField::kVaeName, "vaename", "vae_name,vae,vae_file"},
        {NodeField::kTextEncoderName, "clipname",
         "clip_name,clip_name1,clip_name2,clip_name3,clip_name4,"
         "text_encoder1,text_encoder2,model_name"},
        {NodeField::kUpscalerName, "upscaler",
         "model_name,upscale_model_name,upscale_model,upscaler"},
        {NodeField::kControlNetName, "controlnetname",
         "control_net_name,controlnet_name,cnet,model_name,controlnet"},
        {NodeField::kValue, "value",
         "value,Value,int,float,number,Number,INT,FLOAT,integer,int_,float_,"
         "seed,noise_seed,val,string,boolean,int_value,float_value,"
         "string_value,boolean_value"},
        {NodeField::kCache, "cache",
         "text_0,text2,text_1,preview,preview_text"},
        {NodeField::kDelimiter, "delimiter", "delimiter,separator,join_with"},
        {NodeField::kStrength, "strength",
         "strength,weight,controlnet_strength"},
        {NodeField::kStart, "start", "start_percent,start,start_at"},
        {NodeField::kEnd, "end", "end_percent,end,end_at"},
    }};

constexpr bool fields_are_in_order() {
  for (std::size_t i = 0; i < kFields.size(); ++i)
    if (kFields[i].field != static_cast<NodeField>(i)) return false;
  return true;
}
static_assert(fields_are_in_order());

// A name with one `*` in it, which stands for any text, or two.
struct Wildcard {
  std::string_view before;
  std::string_view middle;
  std::string_view after;
  std::uint64_t row;

  bool matches(std::string_view name) const {
    if (name.size() < before.size() + middle.size() + after.size() ||
        !name.starts_with(before) || !name.ends_with(after))
      return false;
    name.remove_prefix(before.size());
    name.remove_suffix(after.size());
    return name.find(middle) != name.npos;
  }
};

// The fields whose keys stand in a spec.
FieldSet fields_in(std::string_view spec) {
  static const NameIndex keys = [] {
    NameIndex index(kFields.size());
    for (const FieldNames& field : kFields)
      index[field.key] = field_bit(field.field);
    return index;
  }();
  FieldSet fields = 0;
  while (!spec.empty()) {
    const std::string_view pair = spec.substr(0, spec.find(';'));
    if (const auto* bit = keys.find(pair.substr(0, pair.find('='))))
      fields |= *bit;
    spec.remove_prefix(std::min(spec.size(), pair.size() + 1));
  }
  return fields;
}

// The table as it is looked things up in: made once, never changed.
struct Rows {
  std::vector<NodeKind> kinds{std::begin(kTable), std::end(kTable)};
  NameIndex exact{std::size(kTable)};  // positions in `kinds`
  // By the beginning of the names they may match, longest first.
  std::array<std::vector<Wildcard>, 256> wildcards;

  static std::size_t bucket_of(std::string_view name) {
    const auto byte = [name](std::size_t at) -> std::size_t {
      return at < name.size() ? static_cast<unsigned char>(name[at]) : 0;
    };
    return (3 * byte(0) + byte(1)) % 256;
  }

  Rows() {
    std::vector<Wildcard> all;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      NodeKind& kind = kinds[i];
      kind.own_fields = fields_in(kind.spec);
      kind.is_polar = spec_of(kind, "slots") == "polar";
      kind.has_channels = spec_of(kind, "slots") == "channels";
      const std::size_t first = kind.name.find('*');
      const std::size_t last = kind.name.rfind('*');
      if (first == kind.name.npos) {
        exact[kind.name] = i;
        continue;
      }
      const std::size_t middle = std::min(first + 1, last);
      all.push_back({kind.name.substr(0, first),
                     kind.name.substr(middle, last - middle),
                     kind.name.substr(last + 1), i});
    }
    std::stable_sort(
        all.begin(), all.end(), [&](const Wildcard& a, const Wildcard& b) {
          return kinds[a.row].name.size() > kinds[b.row].name.size();
        });
    for (std::size_t bucket = 0; bucket < wildcards.size(); ++bucket)
      for (const Wildcard& wildcard : all)
        if (wildcard.before.size() < 2 || bucket_of(wildcard.before) == bucket)
          wildcards[bucket].push_back(wildcard);
  }
};

const Rows& rows() {
  static const Rows rows;
  return rows;
}

// The usual names of inputs, and what they hold.
struct InputNames {
  NameIndex exact{512};
  std::vector<std::pair<std::string_view, FieldSet>> wildcards;

  InputNames() {
    std::vector<std::pair<std::string_view, FieldSet>> names;
    for (const FieldNames& field : kFields)
      for (std::string_view rest = field.names; !rest.empty();)
        names.emplace_back(next_item(rest), field_bit(field.field));
    for (const auto& [name, fields] : names)
      if (name.ends_with('*'))
        wildcards.emplace_back(name, fields);
      else
        exact[name] |= fields;
    for (const auto& [name, fields] : names)
      if (!name.ends_with('*')) exact[name] |= by_wildcard(name);
  }

  FieldSet by_wildcard(std::string_view name) const {
    FieldSet found = 0;
    for (const auto& [pattern, fields] : wildcards)
      if (name.starts_with(pattern.front()) && name_matches(pattern, name))
        found |= fields;
    return found;
  }
};

}  // namespace

const NodeKind& node_kind(std::string_view class_type) {
  static const Rows& table = rows();
  if (const std::uint64_t* found = table.exact.find(class_type))
    return table.kinds[*found];
  // Nobody names a class with more bytes than this; the bound keeps the
  // matching of hostile names short.
  constexpr std::size_t kLongestName = 256;
  if (class_type.empty() || class_type.size() > kLongestName) return kNoRow;
  for (const Wildcard& wildcard : table.wildcards[Rows::bucket_of(class_type)])
    if (wildcard.matches(class_type)) return table.kinds[wildcard.row];
  for (const Copy& copy : kCopies)
    if (class_type.starts_with(copy.prefix))
      return node_kind(std::string(copy.original) +
                       std::string(class_type.substr(copy.prefix.size())));
  return kNoRow;
}

FieldSet usual_fields(std::string_view input_name) {
  static const InputNames names;
  if (const std::uint64_t* found = names.exact.find(input_name)) return *found;
  return names.by_wildcard(input_name);
}

std::span<const NodeKind> node_table() { return rows().kinds; }

std::string_view spec_of(const NodeKind& kind, std::string_view key) {
  std::string_view rest = kind.spec;
  while (!rest.empty()) {
    const std::size_t end = rest.find(';');
    const std::string_view pair = rest.substr(0, end);
    if (pair.size() > key.size() && pair[key.size()] == '=' &&
        pair.starts_with(key))
      return pair.substr(key.size() + 1);
    if (end == rest.npos) break;
    rest.remove_prefix(end + 1);
  }
  return {};
}

std::string_view output_name(const NodeKind& kind, std::int32_t slot) {
  std::string_view names = spec_of(kind, "outputs");
  for (std::int32_t i = 0; !names.empty(); ++i) {
    const std::string_view name = next_item(names);
    if (i == slot) return name;
  }
  return "-";
}

const FieldNames& field_names(NodeField field) {
  return kFields[static_cast<std::size_t>(field)];
}

}  // namespace sdmeta
