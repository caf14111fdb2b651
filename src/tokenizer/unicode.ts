// Printed by scripts/unicode.py. Numbers in base 44 as characters.ts reads them; sets are runs of (gap, length).

/** Removed by clean_text. */
export const DROPPED = '%/((&8T-G3&qP,<&V6&S+&T]L&ST:+@+S++&0la>U`:uM&WC)&&T[9&is(*Tt).[cc,&DT.tu>tx8(tx8';

/** Whitespace. */
export const SPACE = '/+8&T2&@&Tz1&S^11C(+&S)&TTN&';

/** A word of its own. */
export const PUNCTUATION =
  'G50-@,@*H&+&)&0()&)&bP&.&]@,O(S-&&&(&(&S%(:(&(3&((SD*T4&Q4W3)S05E&WO(0&ZE&d=&T(&0(UJ5&&K*SA&SD+*(T=,UM&`N/U9&a*(S%(SH)SA(U?)&)K1Y+(VN(TN-&,UN-U=*S5+S8(S:.1&eJ>.:&3&2D(4(a7*C(kC4SI(E0[-<S9*F(d5*&(T>&U1S)&9],)*0(26&2&T0&T(&baP(X+)T1&0&TA,ZB*SP(N)&&S+(S)&T/36(TJ*TL(6(WC&]t,(VF0<I&4&&*&&(U7)&,&*0()(@)&&A&&&&-[4)b.&S*&[8&cM&V=&E&X./L&T>-S<-T&*n,-T;(&*TL*S*(SI+)&3&&)T%,T9&_2&WD=T7)WB)SsG+[^+(U&&S;+.&]t4&U|Q+';

/** Removed by strip_accents of BERT, once decomposed. */
export const MARK =
  'd:T>X1+X&S&&&&(&(&&SB1S*;6&T3-(,((&*I&DAT)1S4/H*&/&)&+Q)U)FS1&&&*.*&)-0(C&S4&**.&:(C(S3&*(*(())&D()&1(S3&*+&(*&:(C&S4&(&&*.&.&1(D&S7&2&S,&S7)+)&*-(1(C&S4&(&,&+(:(C&S9*.&:(T4&-)&&T(&(-2.T0&(,&(1,SD(A&&&&&S14&+&(+1&J/&T4*&,&(((?(*)6*3&((,&5&bQ)h<)C)C(D(S:(&-.&(1/&S&)U=&TD)*(/&,)VQ((&S4&&-&&&&(.,0(&S*4S<*S*&&+&&+&N/2(F*((&)S2&&()&&)S4.((U:)&3&-*&,&)(V<S0,*c63*&)2SlH)U/&T.F_@*T9(bl>&*0F(SJ(X.&)&*&?(U?&A8S..?1S()S*&(*(&N&S=,((((2&.&S)&S-&&)((+(&&P(.&W8&(&*&]gF&cG666i+&W,&U7+xP)&(+*N)*&UG(pD&S05S2)S+*((S?)J+&.S8&2(S./1)T0)(&&(UI&).;(S4&)&K-)+Y0,&&*(&(W8*,(&(A(SO.(&&(T8&&&(,&&T3)(*&+^U6+S5-l2*]Z0(TsN)7.(-D*U6)SRQS1*S,.&4&<+&5Sy.-[`e&W:';

/** Removed by StripAccents. */
export const COMBINING =
  'd:T>X1-WQS&&&&(&(&&SB1S*;6&T3-(,((&*I&DAT)1S4/H*&/&)&+Q)TF4&GS0)&8&-0(C)S2&&-((()/&0(C)S2&&+*(())&D()&1)S2&&.&)&):(C)S2&&-((().(0(D&S5+))&*/&N*S4-&)&*-(1(C)S2&&-&)&*-(1(C)S4-&)&*/&0(D(S@&*,&&&.8(S7&(-2.T0&(,&(1,SD(A&&&&&*(S+:&(+1&J/&T2:=**)&)(-)*32&&0*bQ)h<)C)C(D(S:F/&S&)TE(H&TD2*2VQ+S30&C(&S*5S;+S)7L/2)D3S24S*:U:)&;*&*))(V<S0++c6GSlH)U/&T.F_@,T7(bl>*&0F(SJ(X.&)&*&=+T%(S,8@8S..?3S%*S)4J&S=42&.(S&)S,&&)((+(&&O++(W6.&(]gF&cG666i+&W,&U7+xP)&(+*N)*&UG(pC)S/5S2*S&1S?)J4S8&2)S*4/)T-2,&UB2;*S2&&-((()/&0((-)+V68T7:W5-(/A(SL7T83T35p-.&.SL<&4]b++S5-jLS(6*]Z0(TsL+),..(-D*U6)SRQS1*S,.&4&<+&5qN-&7(-&(&+SX3-T;-[`b7W:';

/** Has a combining class. */
export const CLASSED =
  'd:S:(&(0&FX1+X&S&&&&(&(&&SB1S*;6&T3-(,((&*I&DAUB/H*&/&)&+Q)TF4&CS6&6&)*T5&6&T<&6&T<&6&T<&6&TM&TM&-(T3&6&TM&TJ&T;)3*T:(4*SF(A&&&&&S1(&&+*(&&)&(S8&T>&&(SL&c5)h>&E&U?&0&VA&U1)VQ(SA&:.(&S*4TD&5&L/S0(S4&1(S=&U:)&3&-*&,&)(V<S0++c63*&)2SlH)U/&T.F_@,T7(bl>&*0F(SJ(X2&V3&A8S3)K&T-&2&W9&&)((+(&&S.&W@&]gF&d;6i+&W,&U7+y0&&&N)*&UG(r1&S2&S3(S?)S*(S8&SF&/&T8(V((SK&6&>-)+VC&)&TI(WE(TL&TD(TA&p=&]dJ+S5-]tA&TsL+),..(-D*U6)SvM-&7(-&(&+SX3-T;-';

/** Set apart by tokenize_chinese_chars. */
export const HAN = 'Xy>UdJS:]x*^tJ^Bui>iTNFT^BWJTx:Wg6_6';

/** Part of a word next to a single_word token. */
export const WORD =
  'S*0-@*&&@S)&0&*&+=&E&]8*24+-&&&7TC&((*&&,&&)&&&:&SM&U-&UO&L(&,O.S&&&&(&(&&.A**C1+SD*T4&.(0&9(&6S5(T34S0*&(&(S(8B*1+>&,.SE&TO(0&9&.(((<&-&&)*(/(((*.&*(&+(20&&&()&,*((<&-&(&(&((&&+*(())&-*&&-61)&/&)&<&-&(&+(0&)&)(&5*(0/-&)&.(((<&-&(&+(/((()-)*(&+(0&&6(&,))&*)(&&&()()))2*+))&*(&,&4063&)&=&6(/&)&*-(&)(&(*(06*&.&)&=&0&+(/&)&*-(,(&*(0&)23&)&S-&)&++*-+(00,&)&8)>&/&&(-)&*,&&&.,0((3S4+5&0M(&&&+&>&&&=(+&&&-&0(*F&=(,01&&&&&*0&J*:&8&J/&S3SD,SH(L&&+&(Q&Y?&*(-&&&*(O&*(G&*(-&&&*(5&S3&*(S=()F66SP(,)a*(7&@+SE)1-</<1:23&)&(2SN)&*((0G)&1,T&-Q+S@0E&2*20N(+1S%*@,0LB*S9&C(1,03&.ES+SG)07/2TB2S2.0)S+(1+Q()6)&M+_,(,(L(,(.&&&&&&&E(S/&-&&))&-)*(,*3+)&-5(S+(9&B&3&63S-G7&*&(0&&)+,&&&&&&*&1(*++*&7Oe;S.|0W/,/2L&&+&(S2-&5>/-&-&-&-&-&-&-&-&FS)&]C)?5&+(+*SP((()&T(&*+Q&T,7FS*6^BUdJS:^f?S=S((X+)B:S-&0&TAK/(T5(S=((&&&.;S0*&9S.2S@00,>)&&S+(J2C)S;41,E&S1/4(0,=)SC>)(6(+0,(,(,/-&-&Q&4,TI&((0,WtN2=*S+Vc*Z4(T8L-2++2&3&+&&&(&(&T:GZ18S:(S0N2*666)(>)F+&U)90-@*&&@1T&),(,(,()I2&@&9&(&5(4HTIS?S/U*&TPC)S+5&EF3D+Q+D(J*.&+PU@(0,J*J*N.S.21&5&-&(&1&5&-&()S.2Y)/<0.>,&P&/S?,(&&S%&()&(=0=/ES;9&(0<0@S@S2,(S:*&(+.&)&C()*&FC)CI.&D?S00<0938T<SCS1S-3S-3N.0,L)+&=WDP&()(6)S1G0&.GE<P;A=/SAE6/S6-&3?-0,S/&0**.J(&/S?**&3&&I8&K,*S8-&&&*&5&0-S5+0,*&.(((<&-&(&+&0((()(&,&+-(-)+10&&(&&L&0&&(&&*&.3(CSE+0**DS@&&.0UHS0(/=,HS;)&10LS3-0,:BA(5*0,-V/S5T3SD;.(&(.&(&D&((/20S@.(S((.&(AS9.&.SD)&8SCV=G50,/&S&&/50>D(<&4SC-&(&S%)&&(&/.0,,&(&K&(&,-0Y(=/7&O)+31SO&SIgPT4T=7V:SbNT/5k66<0TTI+`1Uj;S4z8_O-E&0,SI&0,D(+1S1/*20/;+9[JS&)0V<S:TNSE*S3-7S:(&(1(4UY:.o,O0Vn)*&-&(&XA5&C)(&4*.[%SZ:T9+3)/-0)(TXO0^HS((=_4+),..(-D*U6)])SO&SA&((&(((*&2&&&-&S;&*(.&-&B&*&+&&)-&YF(?&?&E&?&E&?&E&?&E&?&.(S,^BS1*S,.&4&<+&5l*E,,VK-&7(-&(&++S8G&T>S&)4(0*&Y3E7S4]DPVLQ^&-&*&(&5&V;1-OSF*0n(*&A&(&&(&&0&*&&&&,&*&&&&&&)&(&&(&&&&&&&&&&(&&(*&-&*&*&&&0&7+)&+&7a2@,@,@Sc<0j8iTNFTX8,W((T}P4UxK5a,S_(_4u0Tk1+TY2Zbu.W:';

/** Other than its compatible decomposition, Hangul aside. */
export const DECOMPOSED =
  'UB&-&&&*&(*()&)&,&/&,(+(,&/&,(+&7(:(/&,&.(-(,(8(>F(3(9?&,(6(J((,4TJ/E,(+T)(&(S)&+&)&+-&&&)?-?+&-?)&()&,(&&)&*)0&E&<(&&)&*)=(SC(3*(((,(,(2((U/&U<+SH*SA&&&6&`?&-&(&I.T9(5(&&SM&(&H)(&W3&((5(S0&S/)TI&TE&,(&(TL)U/&&)SN&TM&N(S(&S0&/&*&*&*&2&/&&+-&7&/&*&*&*&2&T:&VK&Sa7&&&&&&&&&)&N&&&((&&^*)&1&8&B3&HKS:U>*T(,<(,(L(,(.&&&&&&&E(S/&5&4(,&9()&/&1,&+&2).&)(&(*&&&.)3&-&6((A&31&SQ*&)&1&((+()&&&&&&&*&)&-&,*+,S*/&6(8&D)S.&*&(&=&&&+(&(6&(&(&&&<&&&0+((((,(((((H*S**,*S5(Y&U-pK&T5)T3&[9(W;&XM&SM&2VLP&S/&&)7&&&&&&&&&&&&&&&&&&&&&&&(&&&&&,(&(&(&(&(<&,(&(2&&&&&&&&&&&&&&&&&&&&&&&(&&&&&,(&(&(&(&(<&(*)(S+T,)4T.E&N.S)&TM&WJbXJ(VH&U)(fD*]^BX,(&&&(0&&&&(()S>(T8L-2++&&>&+&&&(&(&T:GZ18S:(S0N390<;(2&9&**)&&&U)*V4),(,(,())-&-TZQ&&&4&TP(_1(Z4(&&WE(kvD-SP,`)SO&SA&((&(((*&2&&&-&S;&*(.&-&B&*&+&&)-&YF(XB(S,T{%*&A&(&&(&&0&*&&&&,&*&&&&&&)&(&&(&&&&&&&&&&(&&(*&-&*&*&&&0&7+)&+&7`.1+E&F@(J&T=)3S%*/-(um<_4';

/** Joins with nothing. */
export const CONTROL = '%FT-G3&r@&Tc7&ST:&((>-S+6peM&W:2XzF6eS:*Tt).[cc+FT.TNW:SxJ';

/** Joins with what is before. */
export const EXTEND =
  'd:T>X1-WQS&&&&(&(&&SB1S*;6&T3-(,((&*I&DAT)1S4//&>*&/&)&+Q)S5/P>&FS1&&&*.*&)-0(C&S4&&&(*.&/&0(@&((S3&*(*(())&D()&1(S3&*+&(*&:(<,&&S4&&(&*.&-)0(D&S5&&&2&/&N&)&S1&&)+)&*-(1(C&S4&((&&))&*-(1(B(S3(&&(*.&/&0(C&SB&*&()&&.&SK&(-2.T0&(/1-SC(A&&&&&S14&+&(+1&J/&T4*&,&(((?(*)6*3&((,&5&bQ)h<*B)C(D(S:(&-.&(1/&S&)&&TC(H&TD)*(/&,)VQ((&S4&&-&&&&(.,0(&S*S((2:*S*0*)L/2(F*(,S2&&()&&+S2.((U:)&3&-*&,&)(V<S:^N&V9GSlH)U/&T.F_@,T7(bl>*&0F(SJ(X.&)&*&?(+&U9(@83&L.?1&&S%)S*&(*(((&J&S=,((((2&.&S)&S-&&)((+(&&P(.&W8&(&*&]gF&cG666Z4(`G&W,&U7+xP)&(+*N)*&UG(`&*S;+Y/(SG,S@1S+*TI&S05O&((0)S+*((-&S7)J+&.S8&2(S./&&.*(&T-)(*,&(&U?&).;(S3(&&&&2&/&4-)+S=&(,&&(&&)*)&&4(SO.()&&=&SK&(,&&(&&(&(W5&(*,(&(A(SO.(&&(T8&&&(.T3&&&(*&+WM/&(W?&0**&U2*((*&F0N,(*.&/,()S(3&(V<&&)&&V?-&,&&SL<(-&(&(TH,)&&(&-&&SB()&&&YM(1(S.++)=&Tt?&,5W{>2))S_F+S5-jJ&S9*SK&1(]X)(TeOS((=_4+),..(-D*U6)SRQS1*S,.&4&<+&5qN-&7(-&(&+T2&UB-Z=&S7*^>*WH(W=&(&-(+&]H-T;-Se.+[^w%T.TNW:';

/** Joins with what is before, but not across it. */
export const SPACING =
  'SZ9&S1&().*&(S,(S5(,(((S0&S4)S<&S4).&&(S/(S6&,(((T@&&())&)S.)S7*S7(S4&(&&(S(&4(S5(+)&)S/(SF(,-9(S9&TM&U,(S9&V&&/(?(S%&|K&-.&(YL*()*(&,W*(S4&&&;,U3&S3*S:&D&*(S9&()&&S/..(UM&;&dO&d~G((&T%(S,6U0&S*&S*(*(((T=(((>&U?&((+&W7(&(&(&&`]1&&&TM&S&)*(TA&>(S5&S*)/&4&T+))(UN)E(S5&&*((((;(SO(5&&(T5).()&T9(,&&(&&(&W8(,*(&T?).(&&T;&&(T<&-&WO)/&WB+&(-&&&U0).**&SN&C(S8&V?&)&&&V=&4&T8&-&(&VK+*(&&YP(2&S*(.(Zr<)Sy2S1';

/** Joins with what is behind. */
export const PREPEND = 'uN,VM&S+&ZF(SJ&lE&u`8&5&W>(^O&r?&&&Y4,bN&])&';

/** Joins with one like it behind a joiner. */
export const PICTOGRAPH =
  'UK&*&VY?&2&VN&<&T(,5(Z5(2&UH&?1*)V=&W1(0&/&S4*&+/&(&(((&*&(&&((&)&)(.)+&&&+21((&&(&&8&((8,&&&()(+&((*(1(+((&+(&&&(:(+,&*(&*&(&(,&&(&&&&&,&)&,&0(5&(&*&&&*)&&1(S*)/&4&4&Z:(]=)9(S-&*&o0&2&`C&&&Saz<&M*T225(5&4(K0T>(2(4&(09S2A50&:&(/&*/=,V2(T>((&)(SM()&*+WH&S91,&>-((.2&(*(&*(3((&.(/&+)2).)(&&&*&,&)&,SPS*S@+.(7)&&,(3VPL2*S2.0,N.D(2*(4/M2S)&0&V/T%.4U4WJj0';

/** Joins with one like it behind a linker. */
export const CONSONANT =
  'SZKKD.>.;:&-&&)*H(&&6(UE:&-&(&+S9&A:&-&(&+H(&&7&UE:&6D)V0Lc+Q:&6,**)&)(-)*32&{7S.a*S/V,(,G7.S0D3(1)esQ))JS&+(/0+T/6&),&)(T.1VKA_fG&5*&)&Cz?JC&(&_N0&&(&&LqH-(&(.&(&>VF&0NC&1Nm.3&H';

/** Links consonants. */
export const LINKER = 'uN,VM&S+&ZF(SJ&T8&TM&WI&TM&WI&WI(cP&SR.&aK&W-&T4&euB&Y&&_m6&xG&5&T3&U0(^N(r>(&&WO&S6,5&b>&])&S9&';

/** Runs of (gap, length, step, distance to the lower case). */
export const LOWER =
  'S;@&S:T3=&S:&-&S:G>((()((&.((&=((%&&W;%)(((&&[>%(((%&&[6%&&(&(&[4%&&((&&U@%&&[.%&&[0%&&(&&&[4%&&[8&&&[@%&&[<%&&()&&[@%&&[D&&&[F%)((%&&[N%&&(&&&[N(&&(&&&[N%&&(&(&[L%(((%&&[P%&&()&&(-&&*%&&(&&&*%&&(&&&*%/((&/((&&&*%(((%&&V7%&&T=%:((%&&WM&/((,&&^XD%&&(&&&Y7%&&^X>(&&(&&&ZK%&&U,%&&U0%+((X>((((&&(.&&W2,&&SF&)&SD&&&TN&(&TL&7&S:&/&S:I&&6.2((*&&TE(&&(&&&3%&&(()&WM%6&UB%F&S:S*7((.A((%&&D%-((&S*((&L&T.ShCL&Yi.&&&Yi.+&&Yi.c8SJ&{X>%,&6SWM&&(,Q&UVE()&UVEY2SE((.&&Yy+&S*((..&5.,&50.&5..&5.,&51*(5-.&5>.&5..&5..&5.(&5%(&U5%&&71*&UM%&&71(&5%(&V=2(&5%(&W)%&&31(&WI%(&WE%&&7XG&&YtC)&&Zp&%&&Zj=,&&S2S&6&F9&&(e@@&S.|JS*&T.S*&&(&&&^V3%&&U|5%&&^U?()((%&&^WQ%&&^V?%&&^X+%&&^X)&&&((&&(.(&^Y?%S,((-((()&&(cSG=((84((U(-(((E((/(((%&&whQ%+(()&&(&&&~pI(((((0((%&&~r)%&&~r?%&&~r7%&&~qO%&&~r)&&&~oI%&&~pM%&&~oO%&&}.%.((%&&T-%&&~r&%&&wk5%(((%&&~sC%.((%&&~}?>&&(^j-@&S:nGN&SJU*J&SJU>1&SH&5&SH&-&SH&(&SH{0S-&TNU?<&S:Sh4F&S:^`:F&S:S:?&S0cY9H&S>';

/** (gap, length, parts): the same where it has more than one character. */
export const LOWER_LONG = 'XN([&q:';
